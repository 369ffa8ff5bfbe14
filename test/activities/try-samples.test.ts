import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { createTrySamples, type TrySamplesInput } from '../../src/activities/try-samples.ts';
import { makeTransformed } from '../setup/transformation.ts';
import { activityParts, attempt } from './setup.ts';

let simulator: Simulator;
let tryWith: (code: string, more?: Partial<TrySamplesInput>) => ReturnType<ReturnType<typeof createTrySamples>>;
let close: () => Promise<void>;

const SAMPLES = [{ n: 1 }, { n: 2 }, { n: 3 }];

beforeAll(async () => {
  simulator = await startSimulator();
  const { client, keys } = activityParts(simulator);
  close = () => client.close();
  const { transformationID } = await makeTransformed(simulator);
  const trySamples = createTrySamples(client, keys);
  tryWith = (code, more) =>
    attempt(trySamples, { transformationID, type: 'code', input: { code }, samples: SAMPLES, expect: [], ...more })
      .result;
});
afterAll(async () => {
  await close();
  await simulator.stop();
});

test('each sample is told apart: one that comes out, one that is dropped, one that fails', async () => {
  const code = `async function transform({ n }) {
    if (n === 2) return [];
    if (n === 3) throw new Error('no third');
    return [{ n }, { n: 10 }];
  }`;
  expect(await tryWith(code)).toEqual([
    { sample: 0, outputs: 2, output: '{"n":1}', unmet: [] },
    { sample: 1, outputs: 0, unmet: [] },
    { sample: 2, outputs: 0, error: 'no third', unmet: [] },
  ]);
});

test('an expectation is about every sample, or about the one that it names', async () => {
  const tried = await tryWith('async function transform(record) { return record; }', {
    expect: [
      { path: 'n', equals: 1 },
      { path: 'n', equals: 3, sample: 2 },
    ],
  });
  expect(tried.map(({ unmet }) => unmet)).toEqual([
    [],
    [{ path: 'n', expected: '1', got: '2' }],
    [{ path: 'n', expected: '1', got: '3' }],
  ]);
});

test('code that Algolia refuses with a 400 has failed on its sample', async () => {
  const fault = { operation: 'tryTransformationBeforeUpdate', kind: 'status', status: 400, message: 'a syntax error' };
  await simulator.control('POST /faults', { ...fault, after: 1 });
  const tried = await tryWith('async function transform(record) { return record; }');
  expect(tried.map(({ error }) => error)).toEqual([undefined, expect.stringContaining('a syntax error'), undefined]);
});

test('a transformation that is not there is no failed sample', async () => {
  const input = { transformationID: 'nobody', samples: SAMPLES };
  await expect(tryWith('async function transform() {}', input)).rejects.toMatchObject({ type: 'AlgoliaInvalid' });
});

test('what comes out is kept short', async () => {
  const [tried] = await tryWith(`async function transform() { return { long: 'x'.repeat(100000) }; }`);
  expect(tried?.output).toHaveLength(501);
});
