import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createChain, indexOf, openSimulator, refusal, runToEnd, search, serve, until } from './stage.ts';

function stateFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, 'state.json');
}

test('with a state file a restart forgets nothing, and what was going on goes on', async () => {
  const options = { stateFile: stateFile() };
  const url = await serve('[{"id":1}]');
  const first = await openSimulator(options);
  const { body } = await search(first.simulator, 'POST /1/keys', { acl: ['search'] }, first.simulator.adminKey);
  await first.simulator.control('DELETE /keys/demo-key');
  await first.simulator.control('POST /keys', { key: 'new-key' });
  first.client.setClientApiKey({ apiKey: 'new-key' });
  const { taskID } = await createChain(first.client, { url, task: { action: 'save' } });
  const { runID } = await runToEnd(first.client, taskID);
  await first.simulator.control('POST /clock', { speed: 0.001 });
  const { runID: going } = await first.client.runTask({ taskID });
  await first.simulator.stop();
  expect(statSync(options.stateFile).mode & 0o777).toBe(0o600);

  const second = await openSimulator(options);
  expect(await refusal(second.client.listTasks())).toMatchObject({ status: 403 });
  second.client.setClientApiKey({ apiKey: 'new-key' });
  expect(await second.client.getTask({ taskID })).toMatchObject({ taskID, action: 'save' });
  expect((await second.client.listEvents({ runID })).events).toHaveLength(2);
  expect(await indexOf(second.simulator, 'movies')).toMatchObject({ count: 1 });
  expect((await search(second.simulator, `GET /1/keys/${String(body.key)}`, undefined, 'demo-admin-key')).status).toBe(
    200,
  );
  await until(
    () => second.client.getRun({ runID: going }),
    ({ outcome }) => outcome === 'success',
  );
});

test('the state is saved soon after a change, for a simulator that is killed', async () => {
  const options = { stateFile: stateFile() };
  const { client } = await openSimulator(options);
  await client.createSource({ type: 'push', name: 'kept' });
  await until(
    async () => statSync(options.stateFile, { throwIfNoEntry: false })?.size ?? 0,
    (size) => size > 0,
  );
  const other = await openSimulator(options);
  expect((await other.client.listSources()).sources).toMatchObject([{ name: 'kept' }]);
});
