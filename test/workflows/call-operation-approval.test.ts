import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { callOperation, type CallOperationInput } from '../../src/workflows/call-operation.ts';
import { callAlgolia } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator();
  worker = await startTestWorker({ simulator });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
});

const call = (input: CallOperationInput) =>
  worker.client.workflow.start(callOperation, {
    taskQueue: worker.taskQueue,
    workflowId: `call-${randomUUID()}`,
    args: [input],
  });
async function aSource() {
  const { sourceID = '' } = await callAlgolia(simulator, 'POST /1/sources', { type: 'push', name: 'to be deleted' });
  const deletion = { operation: 'deleteSource', params: { sourceID }, confirm: 'deleteSource' } as const;
  const exists = () =>
    callAlgolia(simulator, `GET /1/sources/${sourceID}`).then(
      () => true,
      () => false,
    );
  return { sourceID, deletion, exists };
}

test('a delete shows what it deletes, and waits for an approval', async () => {
  const { sourceID, deletion, exists } = await aSource();
  const handle = await call({ ...deletion, requestedBy: 'ana' });
  expect(await asked(handle)).toMatchObject({
    title: 'deleteSource',
    plan: { operation: 'deleteSource', deletes: { sourceID, name: 'to be deleted', type: 'push' } },
  });
  await answer(handle, 'approve', 'ana');
  expect(await exists()).toBe(true);
  await answer(handle, 'approve', 'bob');
  expect(await handle.result()).toMatchObject({ deletedAt: expect.any(String) });
  expect(await exists()).toBe(false);
});

test('a delete that is rejected, or not confirmed, deletes nothing', async () => {
  const { sourceID, deletion, exists } = await aSource();
  const handle = await call(deletion);
  await answer(handle, 'reject');
  expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied' });
  const unconfirmed = await call({ operation: 'deleteSource', params: { sourceID } });
  expect(await failureOf(unconfirmed)).toMatchObject({ type: 'InvalidInput' });
  expect(await exists()).toBe(true);
});

test('what does not delete needs no approval', async () => {
  const { sourceID } = await aSource();
  expect(await (await call({ operation: 'getSource', params: { sourceID } })).result()).toMatchObject({ sourceID });
});
