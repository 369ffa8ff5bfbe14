import { randomUUID } from 'node:crypto';
import { defaultPayloadConverter, RawValue, type Payload } from '@temporalio/common';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { payloadConverter } from '../../src/codec/payload-converter.ts';
import { callOperation, type CallOperationInput } from '../../src/workflows/call-operation.ts';
import { approval } from '../../src/workflows/steps/approval.ts';
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

const payload = (encoding: string | undefined, data: string): Payload => ({
  metadata: encoding === undefined ? {} : { encoding: Buffer.from(encoding) },
  data: Buffer.from(data),
});
const UNREADABLE = [payload('json/plain', '{bad'), payload('of another world', 'x'), payload(undefined, '{}')];

const start = (input: CallOperationInput | RawValue) =>
  worker.client.workflow.start(callOperation, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [input as CallOperationInput],
  });

test('values are written and read as the SDK does it', () => {
  for (const value of [{ a: [1, null] }, 'text', null, undefined, new Uint8Array([1])]) {
    const written = payloadConverter.toPayload(value);
    expect(written).toEqual(defaultPayloadConverter.toPayload(value));
    expect(payloadConverter.fromPayload(written)).toEqual(value);
  }
});

test('what is encrypted is no text that a check could refuse: it needs a worker with the key', () => {
  expect(() => payloadConverter.fromPayload(payload('binary/encrypted', 'x'))).toThrow('Unknown encoding');
});

test('an input that cannot be read fails the workflow, and the other encoding of the Web UI is JSON too', async () => {
  for (const unreadable of UNREADABLE) {
    const failure = await failureOf(await start(RawValue.fromPayload(unreadable)));
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(/^input: expected object/) });
  }
  const other = RawValue.fromPayload(payload('json/protobuf', '{"operation": "listTasks"}'));
  expect(await (await start(other)).result()).toMatchObject({ tasks: [] });
});

test('a decision that cannot be read is refused on record, and the next one counts', async () => {
  const handle = await start({
    operation: 'customDelete',
    params: { path: '1/sources/none' },
    confirm: 'customDelete',
  });
  await asked(handle);
  for (const unreadable of UNREADABLE) await handle.signal('approve', RawValue.fromPayload(unreadable));
  await vi.waitFor(async () => expect((await handle.query(approval)).refused).toHaveLength(UNREADABLE.length), {
    timeout: 150_000,
  });
  await answer(handle, 'reject');
  expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied' });
});
