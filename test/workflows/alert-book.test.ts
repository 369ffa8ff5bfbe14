import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { alertBookId } from '../../src/activities/alert-book-reports.ts';
import { alertBook, alertBookStatus, report } from '../../src/workflows/alert-book.ts';
import { startReceiver, type Receiver } from '../setup/receiver.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

const POLICIES = 'policies: {default: {}}\nchannels: {ops: {type: webhook, url: {$secret: env:SECRET_OPS}}}\n';
const problem = { key: 'stale/t1', kind: 'connector.stale', text: 'task t1 has not run' } as const;
const found = { channels: ['ops'], repeatEveryMs: 3_600_000, problems: [problem], fine: [] };

let receiver: Receiver;
let worker: TestWorker;
let directory: string;

beforeAll(async () => {
  receiver = await startReceiver();
  directory = await mkdtemp(join(tmpdir(), 'policies-'));
  await writeFile(join(directory, 'policies.yaml'), POLICIES);
  worker = await startTestWorker({
    simulator: { url: 'http://127.0.0.1:9', applicationId: 'DEMOAPP', apiKey: 'unused-key' },
    environment: { APPROVAL_POLICIES: join(directory, 'policies.yaml'), SECRET_OPS: `${receiver.url}/ops` },
  });
});
afterAll(async () => {
  await worker.stop();
  await receiver.stop();
  await rm(directory, { recursive: true });
});

test('it begins anew after many reports, forgets nothing, and tells nobody twice', async () => {
  const workflowId = alertBookId(`BOOK${randomUUID().slice(0, 8)}`);
  await worker.client.workflow.start(alertBook, { taskQueue: worker.taskQueue, workflowId, args: [] });
  const book = worker.client.workflow.getHandle<typeof alertBook>(workflowId);
  const { runId } = await book.describe();
  const first = await book.executeUpdate(report, { args: [found] });
  await vi.waitFor(
    async () => {
      await Promise.all(Array.from({ length: 9 }, () => book.executeUpdate(report, { args: [found] })));
      expect((await book.describe()).runId).not.toBe(runId);
    },
    { timeout: 150_000, interval: 1 },
  );
  const again = await book.executeUpdate(report, { args: [found] });
  expect(again).toEqual(first);
  expect(Object.keys((await book.query(alertBookStatus)).ops?.alerts ?? {})).toEqual([problem.key]);
  await book.executeUpdate(report, { args: [{ ...found, problems: [], fine: [problem.key] }] });
  await vi.waitFor(() => expect(receiver.posted('/ops')).toHaveLength(2), { timeout: 150_000 });
  expect(receiver.posted('/ops').map(({ body }) => (body as { kind: string }).kind)).toEqual([
    'connector.stale',
    'connector.stale.recovered',
  ]);
  await book.terminate();
});

test.each([{ problems: [null] }, { problems: ['stale'] }, { channels: [null] }, { fine: [{}] }])(
  'a report with %j in it is refused, and the book goes on',
  async (wrong) => {
    const workflowId = alertBookId(`BOOK${randomUUID().slice(0, 8)}`);
    await worker.client.workflow.start(alertBook, { taskQueue: worker.taskQueue, workflowId, args: [] });
    const book = worker.client.workflow.getHandle<typeof alertBook>(workflowId);
    await expect(book.executeUpdate(report, { args: [{ ...found, ...wrong } as never] })).rejects.toMatchObject({
      cause: { message: 'only watchConnectors reports here' },
    });
    await book.terminate();
  },
);
