import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  createInspectTransformation,
  type TransformationInspection,
} from '../../src/activities/inspect-transformation.ts';
import { callAlgolia } from '../setup/connector.ts';
import { makeTransformed, OLD_CODE } from '../setup/transformation.ts';
import { activityParts, attempt } from './setup.ts';

let simulator: Simulator;
let inspect: (transformationID: string) => Promise<TransformationInspection>;
let close: () => Promise<void>;

beforeAll(async () => {
  simulator = await startSimulator({ quotas: false });
  const { client, keys } = activityParts(simulator);
  close = () => client.close();
  const inspectTransformation = createInspectTransformation(client, keys);
  inspect = (transformationID) => attempt(inspectTransformation, { transformationID }).result;
});
afterAll(async () => {
  await close();
  await simulator.stop();
});

test('its definition is just what an update takes to make it so again', async () => {
  const made = await makeTransformed(simulator, { transformation: { name: 'films', description: 'of films' } });
  const before = await inspect(made.transformationID);
  expect(before).toMatchObject({
    definition: { name: 'films', description: 'of films', type: 'code', input: { code: OLD_CODE } },
    usedBy: [{ destinationID: made.destinationID, indexName: made.indexName }],
  });
  const path = `PUT /1/transformations/${made.transformationID}`;
  await callAlgolia(simulator, path, { name: 'other', type: 'noCode', input: { steps: [{ id: 'a' }] } });
  const changed = await inspect(made.transformationID);
  expect(changed.hash).not.toBe(before.hash);
  expect(changed.definition).toEqual({ name: 'other', type: 'noCode', input: { steps: [{ id: 'a' }] } });
  await callAlgolia(simulator, path, before.definition);
  expect(await inspect(made.transformationID)).toMatchObject({ definition: before.definition, hash: before.hash });
});

test('every destination that uses it is named, on whatever page', async () => {
  const { transformationID, destinationID } = await makeTransformed(simulator);
  const ids = [destinationID];
  for (let made = 0; made < 110; made += 1) {
    const destination = {
      type: 'search',
      name: `d${made}`,
      input: { indexName: 'i' },
      transformationIDs: [transformationID],
    };
    ids.push((await callAlgolia(simulator, 'POST /1/destinations', destination)).destinationID ?? '');
  }
  expect((await inspect(transformationID)).usedBy.map((user) => user.destinationID)).toEqual(ids);
});

test('one that is too large for history is refused', async () => {
  const { transformationID } = await makeTransformed(simulator, {
    transformation: { input: { code: `// ${'x'.repeat(1_000_000)}` } },
  });
  await expect(inspect(transformationID)).rejects.toMatchObject({
    type: 'NotRestorable',
    message: expect.stringMatching(/more than 1 MB/),
  });
});
