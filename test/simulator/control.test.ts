import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/index.ts';
import { createChain, officialClient, openSimulator, serve, until } from './stage.ts';

const pushTaskPayload = { action: 'clear' as const, records: [] };

/** Begins to wait at once, so that a failure never goes unhandled. */
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    (error: Error) => error.message,
  );

test('it says what it is, and listens on loopback only', async () => {
  const { simulator } = await openSimulator();
  expect(simulator.url).toBe(`http://127.0.0.1:${simulator.port}`);
  const introduction = await simulator.control<{ message: string; control: string[] }>('GET /');
  expect(introduction.message).toContain('loopback only');
  expect(introduction.control).toContain('POST /_simulator/faults');
});

test('the first pair of credentials can be given', async () => {
  const { simulator, client } = await openSimulator({ applicationId: 'APP2', apiKey: 'k2' });
  expect((await client.listTasks()).tasks).toEqual([]);
  expect(simulator).toMatchObject({ applicationId: 'APP2', apiKey: 'k2', adminKey: 'demo-admin-key' });
});

test('a reset forgets everything but the first keys, also what is going on', async () => {
  const { simulator, client } = await openSimulator();
  const { taskID } = await createChain(client);
  await simulator.control('POST /keys', { key: 'extra' });
  await simulator.control('POST /faults', { operation: '*', kind: 'status' });
  await simulator.control('DELETE /faults');
  await simulator.control('POST /clock', { pushMs: 3_600_000, speed: 1 });
  const waiting = failureOf(client.pushTask({ taskID, pushTaskPayload, watch: true }));
  await until(
    () => client.listRuns(),
    ({ runs }) => runs.length === 1,
  );
  await simulator.control('POST /reset');
  expect(await waiting).toContain('Unreachable hosts');
  const state = await simulator.control<{ counts: Record<string, unknown> }>('GET /state');
  expect(state.counts).toEqual({
    authentications: 0,
    sources: 0,
    destinations: 0,
    transformations: 0,
    tasks: 0,
    runs: 0,
    indices: 0,
    keys: 2,
    requests: {},
  });
  expect(await simulator.control('GET /clock')).toMatchObject({ pushMs: 200, speed: 100 });
  expect((await client.listTasks()).tasks).toEqual([]);
});

test('requests are logged with their operation and effect, and without credentials', async () => {
  const { simulator, client } = await openSimulator();
  const secret = 'hunter2-secret';
  const input = { username: 'u', password: secret };
  const { authenticationID } = await client.createAuthentication({ type: 'basic', name: 'a', input });
  await client.updateAuthentication({ authenticationID, authenticationUpdate: { input: { password: secret } } });
  const configuration = { harmless: secret, nested: [{ token: secret }] };
  await client.createSource({ type: 'docker', name: 'd', input: { image: 'i', configuration } });
  await client.validateSource({ type: 'json', name: 'j', input: { url: `http://u:${secret}@127.0.0.1:9/` } });
  const code = 'function transform(r) { return r; }';
  const authentications = [{ type: 'secrets' as const, name: 's', input: { name: secret } }];
  await client.tryTransformation({ type: 'code', input: { code }, sampleRecord: { a: 1 }, authentications });
  await client.customPost({ path: '1/nowhere', body: { anything: secret } }).catch(() => {});
  await officialClient({ ...simulator, apiKey: secret })
    .listTasks()
    .catch(() => {});
  await fetch(`${simulator.url}/2/tasks?x-algolia-api-key=${secret}`);
  await fetch(`${simulator.url}/1/keys/${secret}`);
  const log = await simulator.control<{ requests: Record<string, unknown>[]; counts: object }>('GET /requests');
  const state = await simulator.control('GET /state');
  expect(JSON.stringify([log, state])).not.toContain(secret);
  expect(log.requests[0]).toMatchObject({
    seq: 1,
    operation: 'createAuthentication',
    method: 'POST',
    path: '/1/authentications',
    body: { type: 'basic', input: { username: 'u', password: '[redacted]' } },
    status: 200,
    keyFingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
  });
  expect(log.counts).toMatchObject({ createSource: 1, listTasks: 2, unknown: 1 });
  const tried = await simulator.control<{ requests: unknown[] }>('GET /requests?operation=tryTransformation');
  expect(tried.requests).toMatchObject([{ body: { input: { code }, sampleRecord: { a: 1 } } }]);
});

test('tasks with a cron run by the simulated clock, as long as they are enabled', async () => {
  const { simulator, client } = await openSimulator();
  await simulator.control('POST /clock', { now: '2026-01-01T00:30:00Z' });
  const { taskID } = await createChain(client, { url: await serve('[{"id":1}]'), task: { cron: '0 3 * * *' } });
  expect(await client.getTask({ taskID })).toMatchObject({ nextRun: '2026-01-01T03:00:00.000Z' });
  const day = 24 * 3_600_000;
  const { now } = await simulator.control<{ now: string }>('POST /clock', { advance: 365 * day });
  expect(now).toMatch(/^2027-01-01T00:30/);
  const runs = async () =>
    (await client.listRuns({ taskID, startDate: '2026-01-01', itemsPerPage: 1 })).pagination.nbItems;
  expect(await runs()).toBe(365);
  const [first] = (await client.listRuns({ taskID, startDate: '2026-01-01', order: 'asc', itemsPerPage: 1 })).runs;
  expect(first).toMatchObject({
    createdAt: expect.stringMatching(/^2026-01-01T03:00:00/),
    status: 'finished',
    outcome: 'success',
  });
  await client.disableTask({ taskID });
  await simulator.control('POST /clock', { advance: 10 * day });
  expect(await runs()).toBe(365);
  await client.enableTask({ taskID });
  await simulator.control('POST /clock', { advance: 10 * day, cron: false });
  expect(await runs()).toBe(365);
  await simulator.control('POST /clock', { advance: 10 * day, cron: true });
  expect(await runs()).toBe(375);
});

test('time can run faster', async () => {
  const { simulator } = await openSimulator();
  await simulator.control('POST /clock', { rate: 1_000_000 });
  const read = () => simulator.control<{ now: string }>('GET /clock');
  await until(read, ({ now }) => Date.parse(now) > Date.now() + 3_600_000);
});

test('two simulators know nothing of each other, and stopping is clean in the middle of things', async () => {
  const [a, b] = await Promise.all([startSimulator(), startSimulator()]);
  const client = officialClient(a);
  const { taskID } = await createChain(client);
  const waiting = failureOf(client.pushTask({ taskID, pushTaskPayload, watch: true }));
  await until(
    () => client.listRuns(),
    ({ runs }) => runs.length === 1,
  );
  expect((await officialClient(b).listTasks()).tasks).toEqual([]);
  await Promise.all([a.stop(), b.stop()]);
  expect(await waiting).toContain('Unreachable hosts');
  await expect(client.listTasks()).rejects.toThrow('Unreachable hosts');
});
