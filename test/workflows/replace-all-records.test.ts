import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  replaceAllRecords,
  replaceAllRecordsId,
  replaceAllRecordsStatus,
  type ReplaceAllRecordsInput,
  type ReplacePhase,
} from '../../src/workflows/replace-all-records.ts';
import { cancellationArrived } from '../setup/cancellation-arrived.ts';
import { answer, asked } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { makeIndex, makePushConnector, makeRecords, seeIndex, temporaryIndicesOf } from '../setup/indices.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { withTimeSkipping } from '../setup/time-skipping.ts';

let simulator: Simulator;
let directory: RecordsDirectory;
let worker: TestWorker;

beforeAll(async () => {
  simulator = await startSimulator({ pushMs: 20, indexTaskMs: 50 });
  directory = await makeRecordsDirectory();
  worker = await startTestWorker({
    simulator,
    environment: { RECORDS_DIR: directory.path },
  });
});
afterAll(async () => {
  await worker.stop();
  await simulator.stop();
  await directory.remove();
});

type Replacing = WorkflowHandle<typeof replaceAllRecords>;

/** An index of 100 old records with a push connector; and a way to replace them by a file of so many new ones. */
async function makeProducts({
  count = 100,
  transformation,
  indexName = `products-${randomUUID()}`,
}: { count?: number; transformation?: string; indexName?: string } = {}) {
  if (count > 0) makeIndex(simulator, indexName, { count, settings: { hitsPerPage: 7 } });
  await makePushConnector(simulator, indexName, transformation);
  const lockID = replaceAllRecordsId(simulator.applicationId, indexName);
  const file = (records: number) => directory.write(makeRecords(records, 'new'));
  const start = async (
    records: number,
    input: Partial<ReplaceAllRecordsInput> = {},
    { workflowId = lockID, skipTime = false }: { workflowId?: string; skipTime?: boolean } = {},
  ): Promise<Replacing> =>
    (skipTime ? withTimeSkipping(worker.client) : worker.client).workflow.start(replaceAllRecords, {
      taskQueue: worker.taskQueue,
      workflowId,
      args: [{ indexName, recordsRef: await file(records), ...input }],
    });
  return { indexName, lockID, start, file };
}

const ALL_OLD = { count: 100, records: makeRecords(100, 'old'), settings: { hitsPerPage: 7 } };
const allNew = (count: number) => ({ count, records: makeRecords(count, 'new'), settings: { hitsPerPage: 7 } });

async function failureOf(handle: Replacing) {
  const error = await handle.result().then(
    () => expect.unreachable('the replace should have failed'),
    (reason: unknown) => reason as Error & { cause: Error & { type?: string; details?: unknown[] } },
  );
  return error.cause;
}

const phase = (handle: Replacing, ...wanted: ReplacePhase[]) =>
  vi.waitFor(async () => expect(wanted).toContain((await handle.query(replaceAllRecordsStatus)).phase), {
    timeout: 150_000,
    interval: 20,
  });

const attributesOf = async (handle: Pick<Replacing, 'describe'>) =>
  Object.fromEntries(
    (await handle.describe()).typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
  );

const untouched = async (indexName: string) => {
  expect(await seeIndex(simulator, indexName)).toMatchObject(ALL_OLD);
  expect(temporaryIndicesOf(simulator, indexName)).toEqual([]);
};
const replaced = async (indexName: string, count: number) => {
  expect(await seeIndex(simulator, indexName)).toMatchObject(allNew(count));
  expect(temporaryIndicesOf(simulator, indexName)).toEqual([]);
};

const fault = (operation: string, kind: string, more: object) =>
  simulator.control('POST /faults', { operation, kind, ...more });
const moveOf = (indexName: string) => ({ match: { operation: 'move', destination: indexName } });
const movesOf = async (indexName: string) => {
  const { requests } = await simulator.control<{ requests: { body: { operation: string; destination: string } }[] }>(
    'GET /requests?operation=operationIndex',
  );
  return requests.filter(({ body }) => body.operation === 'move' && body.destination === indexName).length;
};

describe.concurrent('a replace that goes well', () => {
  test('starts nothing under an id that a server on SQL refuses, however long the name of the index', async () => {
    const { indexName, start } = await makeProducts({ indexName: `é-${randomUUID()}`.padEnd(227, 'x') });
    const handle = await start(100, {}, { workflowId: randomUUID() });
    await handle.result();
    await replaced(indexName, 100);
    const { replace = '' } = (await handle.query(replaceAllRecordsStatus)).workflows ?? {};
    const { push = '' } =
      (await worker.client.workflow.getHandle(replace).query(replaceAllRecordsStatus)).workflows ?? {};
    for (const id of [replace, push]) {
      expect(id).not.toBe('');
      expect(Buffer.byteLength(id)).toBeLessThanOrEqual(255);
    }
  });

  test('shows the old records until it shows the new ones, and keeps the settings', async () => {
    const { indexName, start } = await makeProducts();
    const seen = new Set<string>();
    const reading = new AbortController();
    const reader = (async () => {
      while (!reading.signal.aborted) {
        const index = await seeIndex(simulator, indexName);
        seen.add(
          [index?.count, ...new Set(index?.records.map((record) => (record as { title?: string }).title))].join(' '),
        );
        await delay(5);
      }
    })();
    const handle = await start(120);
    const result = await handle.result();
    reading.abort();
    await reader;
    expect([...seen]).toEqual(['100 old', '120 new']);
    await replaced(indexName, 120);
    expect(result).toEqual({
      indexName,
      previousCount: 100,
      count: 120,
      pushed: 120,
      distinct: 120,
      temporaryIndex: expect.stringMatching(new RegExp(`^${indexName}_tmp_[0-9a-f]{8}$`)),
      movedAt: expect.any(String),
      guard: { passed: true, shrinkPercent: 0, violations: [] },
    });
    expect(await movesOf(indexName)).toBe(1);
    expect(await attributesOf(handle)).toMatchObject({
      AlgoliaAppId: simulator.applicationId,
      AlgoliaIndex: indexName,
      Outcome: 'replaced',
    });
  });

  test('takes over settings that were changed while it was pushing', async () => {
    const { indexName, start } = await makeProducts();
    const push = hold(simulator, 'push', { match: { referenceIndexName: indexName } });
    const handle = await start(100);
    await push.met();
    await phase(handle, 'pushing');
    simulator.world.indices.touch(indexName).settings = { hitsPerPage: 9 };
    push.release();
    await handle.result();
    expect(await seeIndex(simulator, indexName)).toMatchObject({ count: 100, settings: { hitsPerPage: 9 } });
  });

  test('leaves the settings behind that it is told to', async () => {
    const { indexName, start } = await makeProducts();
    await (await start(100, { scopes: [] })).result();
    expect(await seeIndex(simulator, indexName)).toMatchObject({ count: 100, settings: {} });
  });

  test('makes an index that was not there', async () => {
    const { indexName, start } = await makeProducts({ count: 0 });
    const result = await (await start(30)).result();
    expect(result).toMatchObject({ previousCount: 0, count: 30 });
    expect(await seeIndex(simulator, indexName)).toMatchObject({ count: 30 });
  });

  test('may be started under any id, and is done by the workflow whose id is the lock', async () => {
    const { indexName, lockID, start } = await makeProducts();
    const handle = await start(110, {}, { workflowId: `from-the-ui-${randomUUID()}` });
    expect(await handle.result()).toMatchObject({ count: 110 });
    await replaced(indexName, 110);
    const holder = worker.client.workflow.getHandle(lockID);
    expect((await holder.describe()).status.name).toBe('COMPLETED');
    expect(await attributesOf(holder)).toMatchObject({ AlgoliaIndex: indexName });
    expect(await handle.query(replaceAllRecordsStatus)).toMatchObject({
      phase: 'done',
      workflows: { replace: lockID },
    });
  });
});

describe.concurrent('a second replace of the same index', () => {
  test('is refused by Temporal itself under the id of the lock', async () => {
    const { start } = await makeProducts();
    const first = await start(100);
    await expect(start(100)).rejects.toThrow('already started');
    await first.result();
  });

  test('is refused under any other id, and says who is at it', async () => {
    const { indexName, lockID, start } = await makeProducts();
    const first = await start(110);
    const failure = await failureOf(await start(120, {}, { workflowId: randomUUID() }));
    expect(failure.type).toBe('ReplaceBusy');
    expect(failure.message).toContain(`'${indexName}' is being replaced already, by the workflow ${lockID}`);
    await first.result();
    await replaced(indexName, 110);
  });

  test('waits for its turn when told to', async () => {
    const { indexName, start } = await makeProducts();
    const first = await start(110);
    const others = await Promise.all(
      [120, 125].map((count) => start(count, { onBusy: 'wait' }, { workflowId: randomUUID() })),
    );
    await phase(others[0] as Replacing, 'waiting for another replace', 'replacing');
    expect(await first.result()).toMatchObject({ previousCount: 100, count: 110 });
    const results = await Promise.all(others.map((other) => other.result()));
    const inTurn = results.toSorted((a, b) => (a.movedAt < b.movedAt ? -1 : 1));
    expect(inTurn[0]?.previousCount).toBe(110);
    expect(inTurn[1]?.previousCount).toBe(inTurn[0]?.count);
    await replaced(indexName, inTurn[1]?.count ?? 0);
  });

  test('waits no longer than maxWait', async () => {
    const { lockID, start } = await makeProducts();
    const holder = await worker.client.workflow.start('replaceAllRecords', {
      workflowId: lockID,
      taskQueue: `nobody-${randomUUID()}`,
    });
    const failure = await failureOf(await start(100, { onBusy: 'wait', maxWait: '1s' }, { workflowId: randomUUID() }));
    expect(failure).toMatchObject({
      type: 'ReplaceBusy',
      message: expect.stringContaining('did not end within maxWait'),
    });
    await holder.terminate();
  });
});

describe.concurrent('what must not replace an index', () => {
  test('an empty file', async () => {
    const { indexName, start } = await makeProducts();
    const failure = await failureOf(await start(0, { onGuard: 'askApproval', guard: { maxShrinkPercent: 100 } }));
    expect(failure.type).toBe('GuardViolated');
    expect(failure.message).toBe(`there are no records to replace it with. The index '${indexName}' is as it was`);
    await untouched(indexName);
  });

  test('a file that has shrunk', async () => {
    const { indexName, start } = await makeProducts();
    const failure = await failureOf(await start(79));
    expect(failure.type).toBe('GuardViolated');
    expect(failure.message).toBe(
      `the guard objects: 79 records instead of 100: 21 % fewer, but maxShrinkPercent is 20. The index '${indexName}' is as it was`,
    );
    await untouched(indexName);
  });

  test('fewer records than minRecords', async () => {
    const { indexName, start } = await makeProducts();
    const failure = await failureOf(await start(90, { guard: { minRecords: 91 } }));
    expect(failure.message).toContain('90 records, but minRecords is 91');
    await untouched(indexName);
  });

  test('but one that is just small enough does', async () => {
    const { indexName, start } = await makeProducts();
    expect(await (await start(80)).result()).toMatchObject({ guard: { passed: true, shrinkPercent: 20 } });
    await replaced(indexName, 80);
  });

  test('records of which a transformation drops some, unless told how many may be', async () => {
    const transformation = 'async function transform(record) { return record.objectID === "r7" ? undefined : record; }';
    const { indexName, start } = await makeProducts({ transformation });
    const failure = await failureOf(await start(100));
    expect(failure.message).toContain('only 99 of the 100 different records pushed');
    await untouched(indexName);
    expect(await (await start(100, { guard: { maxDroppedPercent: 1 } })).result()).toMatchObject({ count: 99 });
  });

  test('records of which one failed', async () => {
    const { indexName, start } = await makeProducts();
    simulator.world.recordFailures.push({
      // Which no other test has: the temporary index is not known yet.
      objectIDs: new Set(['r129']),
      every: 1,
      status: 'failed',
      message: 'too odd',
      times: 1,
      seen: 0,
      indexName: undefined,
    });
    const failure = await failureOf(await start(130));
    expect(failure.type).toBe('PushFailed');
    expect(failure.message).toContain(`The index '${indexName}' is as it was`);
    await untouched(indexName);
  });

  test('anything when the input is wrong, which is told before a request is sent', async () => {
    const { indexName, start } = await makeProducts();
    for (const [input, place] of [
      [{ indexName: `${indexName}_tmp_` + 'x'.repeat(250) }, 'input.indexName: longer than 228 bytes'],
      [{ approval: { policy: 'p' } }, 'input.approval: nobody is ever asked'],
      [{ onGuard: 'askApproval', approval: { policy: 'p' } }, "input.approval.policy: there is no approval policy 'p'"],
      [{ guard: { maxShrinkPercent: 101 } }, 'input.guard.maxShrinkPercent'],
      [{ scope: ['settings'] }, 'input.scope: unknown field'],
      [{ recordsRef: { uri: 'file:../../etc/passwd' } }, 'input.recordsRef.uri: the path must be relative'],
    ] as const) {
      const failure = await failureOf(await start(100, input as object, { workflowId: randomUUID() }));
      expect(failure.type).toBe('InvalidInput');
      expect(failure.message).toContain(place);
    }
    await untouched(indexName);
  });

  test('anything without a connector that takes pushes for the index', async () => {
    const indexName = `lonely-${randomUUID()}`;
    makeIndex(simulator, indexName, { count: 100, settings: { hitsPerPage: 7 } });
    const { start } = await makeProducts();
    const failure = await failureOf(await start(100, { indexName }, { workflowId: randomUUID() }));
    expect(failure.message).toContain('no push task found');
    await untouched(indexName);
  });
});

describe.concurrent('a guard that may be overruled', () => {
  test('waits for an approval, and replaces after it', async () => {
    const { indexName, start } = await makeProducts();
    const handle = await start(10, { onGuard: 'askApproval', requestedBy: 'ana' });
    await phase(handle, 'waiting for an approval');
    expect(await asked(handle)).toMatchObject({ plan: { previousCount: 100, count: 10 } });
    await handle.signal('approve', { approver: 'bob' });
    const result = await handle.result();
    expect(result).toMatchObject({
      count: 10,
      guard: { passed: false },
      approval: { decision: 'approved', by: [{ actor: 'bob' }] },
    });
    await replaced(indexName, 10);
  });

  test('asks again when more would be lost than was approved, but not for one record more', async () => {
    const { indexName, start } = await makeProducts();
    const handle = await start(10, { onGuard: 'askApproval', requestedBy: 'ana' });
    const { planHash } = await asked(handle);
    makeIndex(simulator, indexName, { count: 500, settings: ALL_OLD.settings });
    await handle.signal('approve', { approver: 'bob', planHash });
    const again = await vi.waitFor(
      async () => {
        const status = await asked(handle);
        expect(status.planHash).not.toBe(planHash);
        return status;
      },
      { timeout: 150_000 },
    );
    expect(again).toMatchObject({
      plan: { previousCount: 500, count: 10 },
      reason: expect.stringContaining('instead of 500'),
    });
    makeIndex(simulator, indexName, { count: 501, settings: ALL_OLD.settings });
    await answer(handle, 'approve', 'carol');
    const result = await handle.result();
    expect(result).toMatchObject({ previousCount: 501, count: 10, guard: { shrinkPercent: 98 } });
    expect(result.approval).toMatchObject({
      by: [{ actor: 'carol' }],
      refused: [{ actor: 'bob', why: 'approved, but the plan has changed since' }],
    });
    await replaced(indexName, 10);
  });

  test('leaves the index alone when it is rejected', async () => {
    const { indexName, start } = await makeProducts();
    const handle = await start(10, { onGuard: 'askApproval', requestedBy: 'ana' });
    await vi.waitFor(async () => expect(await handle.query('approval')).toMatchObject({ state: 'waiting' }), {
      timeout: 150_000,
    });
    await handle.signal('reject', { approver: 'bob', comment: 'half of it is missing' });
    const failure = await failureOf(handle);
    expect(failure.type).toBe('ApprovalDenied');
    expect(failure.message).toContain('half of it is missing');
    await untouched(indexName);
  });

  test('does not move what has changed since it was judged', async () => {
    const { indexName, start } = await makeProducts();
    const handle = await start(10, { onGuard: 'askApproval', requestedBy: 'ana' });
    await vi.waitFor(async () => expect(await handle.query('approval')).toMatchObject({ state: 'waiting' }), {
      timeout: 150_000,
    });
    const [temporaryIndex = ''] = temporaryIndicesOf(simulator, indexName);
    simulator.world.indices.touch(temporaryIndex).records.clear();
    await handle.signal('approve', { approver: 'bob' });
    expect(await failureOf(handle)).toMatchObject({ type: 'CountMismatch' });
    await untouched(indexName);
  });
});

describe.concurrent('a move whose answer was lost', () => {
  test('is found to have happened, and not sent again', async () => {
    const { indexName, start } = await makeProducts();
    await fault('operationIndex', 'loseAnswer', moveOf(indexName));
    expect(await (await start(110)).result()).toMatchObject({ count: 110 });
    await replaced(indexName, 110);
    expect(await movesOf(indexName)).toBe(1);
  });

  test('is sent again after a minute if the temporary index is still there', async () => {
    const { indexName, start } = await makeProducts();
    await fault('operationIndex', 'reset', moveOf(indexName));
    const handle = await start(110, {}, { skipTime: true });
    expect(await handle.result()).toMatchObject({ count: 110 });
    await replaced(indexName, 110);
    expect(await movesOf(indexName)).toBe(2);
  });

  test('leaves both indices alone when it is never answered, and says so', async () => {
    const { indexName, start } = await makeProducts();
    await fault('operationIndex', 'reset', { ...moveOf(indexName), times: 3 });
    const failure = await failureOf(await start(110, {}, { skipTime: true }));
    expect(failure.type).toBe('AlgoliaAmbiguous');
    expect(failure.message).toContain('may hold the new records; nothing was deleted');
    expect(await seeIndex(simulator, indexName)).toMatchObject(ALL_OLD);
    expect(temporaryIndicesOf(simulator, indexName)).toHaveLength(1);
  });

  test('a move that is refused was not sent: the temporary index is deleted', async () => {
    const { indexName, start } = await makeProducts();
    await fault('operationIndex', 'status', { ...moveOf(indexName), status: 403, message: 'no', times: 2 });
    const failure = await failureOf(await start(110));
    expect(failure.type).toBe('AlgoliaAuth');
    await untouched(indexName);
  });
});

describe.concurrent('a cancelled replace', () => {
  test('that waits for another one has done nothing, and lets that go on', async () => {
    const { indexName, start } = await makeProducts();
    const first = await start(110);
    const second = await start(120, { onBusy: 'wait' }, { workflowId: randomUUID() });
    await phase(second, 'waiting for another replace');
    await second.cancel();
    await expect(second.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await first.result();
    await replaced(indexName, 110);
  });

  test.each<[ReplacePhase, string?, object?]>([
    ['copying settings', 'operationIndex'],
    ['pushing', 'push'],
    ['counting', 'operationIndex', { after: 1 }],
    ['waiting for an approval'],
  ])('leaves the index as it was and no temporary one (%s)', async (step, operation, more) => {
    const { indexName, start } = await makeProducts();
    const match = operation === 'push' ? { referenceIndexName: indexName } : { indexName };
    const request = operation ? hold(simulator, operation, { match, ...more }) : undefined;
    // The guard objects, so that it never gets beyond the approval.
    const handle = await start(75, { onGuard: 'askApproval', requestedBy: 'ana' });
    await request?.met();
    await phase(handle, step);
    await handle.cancel();
    request?.release();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await untouched(indexName);
    expect(await handle.query(replaceAllRecordsStatus)).toMatchObject({
      phase: 'cancelled',
      problem: `cancelled. The index '${indexName}' is as it was`,
    });
  });

  test('deletes the temporary index again when late records make it anew', async () => {
    const { indexName, start } = await makeProducts();
    const push = hold(simulator, 'push', { match: { referenceIndexName: indexName } });
    const handle = await start(110);
    await push.met();
    await phase(handle, 'pushing');
    const [temporaryIndex = ''] = temporaryIndicesOf(simulator, indexName);
    await handle.cancel();
    push.release();
    await phase(handle, 'deleting the temporary index');
    await vi.waitFor(() => expect(temporaryIndicesOf(simulator, indexName)).toEqual([]), { timeout: 150_000 });
    makeIndex(simulator, temporaryIndex, { count: 3, title: 'late' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await untouched(indexName);
  });

  test('is cancelled by cancelling the workflow that started it', async () => {
    const { indexName, lockID, start } = await makeProducts();
    const push = hold(simulator, 'push', { match: { referenceIndexName: indexName } });
    const handle = await start(110, {}, { workflowId: randomUUID() });
    const lock = worker.client.workflow.getHandle<typeof replaceAllRecords>(lockID);
    await push.met();
    await phase(lock, 'pushing');
    await handle.cancel();
    await cancellationArrived(lock);
    push.release();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await untouched(indexName);
  });

  test('sees a move through that was sent already', async () => {
    const { indexName, start } = await makeProducts();
    const move = hold(simulator, 'operationIndex', moveOf(indexName));
    const handle = await start(110);
    await move.met();
    await phase(handle, 'moving');
    await handle.cancel();
    move.release();
    expect(await handle.result()).toMatchObject({ count: 110, cancelledTooLate: true });
    await replaced(indexName, 110);
  });
});
