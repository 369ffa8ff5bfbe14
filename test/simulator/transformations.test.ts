import { expect, test } from 'vitest';
import { addCode, createChain, indexOf, openSimulator, runToEnd, serve, type OfficialClient } from './stage.ts';

async function tryCode(
  client: OfficialClient,
  code: string,
  sampleRecord: Record<string, unknown> = { objectID: '1' },
) {
  const { payloads, error } = await client.tryTransformation({ type: 'code', input: { code }, sampleRecord });
  return { payloads: payloads.map((payload) => JSON.parse(payload) as unknown), error };
}

test('a transformation returns one record, several, or none', async () => {
  const { client } = await openSimulator();
  const wrap = (body: string) => `async function transform(record, helper) { ${body} }`;
  expect(await tryCode(client, wrap('return record;'))).toEqual({ payloads: [{ objectID: '1' }], error: undefined });
  expect((await tryCode(client, wrap('return [record, { objectID: "2" }];'))).payloads).toHaveLength(2);
  expect((await tryCode(client, wrap('return [];'))).payloads).toEqual([]);
  expect((await tryCode(client, wrap(''))).payloads).toEqual([]);
  expect((await tryCode(client, 'const transform = (r) => ({ ...r, a: 1 });')).payloads).toEqual([
    { objectID: '1', a: 1 },
  ]);
});

test.for([
  ['function transform() { throw new Error("no title"); }', 'no title'],
  ['function transform(', /Unexpected|missing/],
  ['const x = 1;', 'the code declares no function transform'],
  ['function transform() { for (;;); }', /timed out/],
  ['async function transform() { for (;;) await null; }', /timed out/],
  ['async function transform() { await new Promise(() => {}); }', 'the transformation never finished'],
  ['function transform() { return 1; }', 'the transformation returned something that is no record'],
  ['function transform() { return process.env; }', 'process is not defined'],
  ['function transform() { return require("fs"); }', 'require is not defined'],
] as const)('a try of %s fails, with HTTP 200', async ([code, message]) => {
  const { client } = await openSimulator();
  const { payloads, error } = await tryCode(client, code);
  expect(payloads).toEqual([]);
  expect(error?.message).toMatch(message);
});

test('a transformation gets the secrets of its authentications', async () => {
  const { simulator, client } = await openSimulator();
  const { authenticationID } = await client.createAuthentication({ type: 'secrets', name: 's', input: { SALT: 'x' } });
  const code = 'function transform(record, helper) { return { ...record, salted: record.id + helper.secrets.SALT }; }';
  const tried = await client.tryTransformation({
    type: 'code',
    input: { code },
    sampleRecord: { id: 1 },
    authentications: [{ type: 'secrets', name: 's', input: { SALT: 'y' } }],
  });
  expect(tried.payloads.map((payload) => JSON.parse(payload) as unknown)).toEqual([{ id: 1, salted: '1y' }]);
  const { taskID, transformationIDs } = await createChain(client, { url: await serve('[{"id":1}]'), code });
  await client.updateTransformation({
    transformationID: transformationIDs[0] ?? '',
    transformationCreate: { name: 'salt', type: 'code', input: { code }, authenticationIDs: [authenticationID] },
  });
  await runToEnd(client, taskID);
  expect((await indexOf(simulator, 'movies')).records).toMatchObject([{ salted: '1x' }]);
});

test('several transformations are applied in their order, and a changed one from the next run on', async () => {
  const { simulator, client } = await openSimulator();
  const append = (letter: string) => `function transform(r) { return { ...r, text: (r.text ?? '') + '${letter}' }; }`;
  const { taskID, destinationID } = await createChain(client, { url: await serve('[{"id":1}]') });
  const [a, b] = [await addCode(client, append('a')), await addCode(client, append('b'))];
  await client.updateDestination({ destinationID, destinationUpdate: { transformationIDs: [b, a] } });
  await runToEnd(client, taskID);
  expect((await indexOf(simulator, 'movies')).records).toMatchObject([{ text: 'ba' }]);
  await client.updateTransformation({
    transformationID: a,
    transformationCreate: { name: 'c', type: 'code', input: { code: append('c') } },
  });
  await runToEnd(client, taskID);
  expect((await indexOf(simulator, 'movies')).records).toMatchObject([{ text: 'bc' }]);
});

test('the deprecated code is taken, and steps are kept but not run', async () => {
  const { client } = await openSimulator();
  const code = 'function transform(r) { return r; }';
  const { transformationID } = await client.createTransformation({ name: 'old', code });
  expect(await client.getTransformation({ transformationID })).toMatchObject({ type: 'code', code, input: { code } });
  const steps = [{ kind: 'rename' }];
  const noCode = await client.createTransformation({ name: 'no code', type: 'noCode', input: { steps } });
  expect(await client.getTransformation(noCode)).toMatchObject({ type: 'noCode', input: { steps } });
  const tried = await client.tryTransformation({ type: 'noCode', input: { steps }, sampleRecord: {} });
  expect(tried.error?.message).toContain('not run by the simulator');
});
