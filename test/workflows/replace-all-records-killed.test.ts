import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { temporaryIndexName } from '../../src/activities/replace-names.ts';
import { replaceAllRecords, replaceAllRecordsId } from '../../src/workflows/replace-all-records.ts';
import { hold } from '../setup/hold.ts';
import { makeIndex, makePushConnector, makeRecords, seeIndex, temporaryIndicesOf } from '../setup/indices.ts';
import { MortalWorker } from '../setup/mortal-worker.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';

let simulator: Simulator;
let directory: RecordsDirectory;
let worker: MortalWorker;

beforeAll(async () => {
  simulator = await startSimulator({ pushMs: 20, indexTaskMs: 50 });
  directory = await makeRecordsDirectory();
  worker = await MortalWorker.of(simulator, { RECORDS_DIR: directory.path });
});
afterAll(async () => {
  await worker.end();
  await simulator.stop();
  await directory.remove();
});

/** At which request of which replace its worker is killed: the `after`-th of these after the first. */
interface Step {
  readonly name: string;
  readonly operation: string;
  readonly match: (names: { indexName: string; temporaryIndex: string }) => Readonly<Record<string, unknown>>;
  readonly after?: number;
  /** Algolia does it all the same, after the worker is gone. */
  readonly arrives?: boolean;
  /** How many records come instead of the old hundred. */
  readonly records?: number;
}

const ofIndex = ({ indexName }: { indexName: string }) => ({ indexName });
const ofTemporaryIndex = ({ temporaryIndex }: { temporaryIndex: string }) => ({ indexName: temporaryIndex });
const ofMove = ({ indexName }: { indexName: string }) => ({ operation: 'move', destination: indexName });

const steps: readonly Step[] = [
  { name: 'when it looks', operation: 'searchSingleIndex', match: ofIndex },
  { name: 'when it copies the settings', operation: 'operationIndex', match: ofIndex },
  { name: 'when it pushes', operation: 'push', match: ofTemporaryIndex },
  { name: 'when it copies the settings again', operation: 'operationIndex', match: ofIndex, after: 1 },
  { name: 'when it counts what it has pushed', operation: 'searchSingleIndex', match: ofTemporaryIndex, after: 1 },
  { name: 'when it sends a move that never arrives', operation: 'operationIndex', match: ofMove },
  { name: 'when it sends a move that arrives', operation: 'operationIndex', match: ofMove, arrives: true },
  { name: 'when it proves the move', operation: 'searchSingleIndex', match: ofIndex, after: 3 },
  { name: 'when it cleans up', operation: 'deleteIndex', match: ofTemporaryIndex, records: 10 },
];

/** Started while no worker runs: the worker meets the fault however fast it is. */
async function startReplace({ operation, match, after = 0, records = 120 }: Step) {
  const indexName = `killed-${randomUUID()}`;
  makeIndex(simulator, indexName, { count: 100, settings: { hitsPerPage: 7 } });
  await makePushConnector(simulator, indexName);
  const handle = await worker.client.workflow.start(replaceAllRecords, {
    taskQueue: worker.taskQueue,
    workflowId: replaceAllRecordsId(simulator.applicationId, indexName),
    args: [{ indexName, recordsRef: await directory.write(makeRecords(records, 'new')) }],
  });
  const temporaryIndex = temporaryIndexName(indexName, handle.firstExecutionRunId);
  const request = hold(simulator, operation, { after, match: match({ indexName, temporaryIndex }) });
  return { handle, indexName, request };
}

test(
  'a worker that is killed at any step leaves the index wholly old or wholly new, and no temporary one',
  { timeout: 240_000 },
  async () => {
    const replaces = await Promise.all(steps.map(async (step) => ({ step, ...(await startReplace(step)) })));
    worker.start();
    await Promise.all(replaces.map(({ request }) => request.met()));
    await worker.kill();
    for (const { step, indexName } of replaces) {
      const index = await seeIndex(simulator, indexName);
      expect([step.name, index?.count]).toEqual([step.name, step.name === 'when it proves the move' ? 120 : 100]);
    }

    for (const { step, request } of replaces) if (step.arrives) request.release();
    worker.start();
    await Promise.all(
      replaces.map(async ({ step: { name, records = 120 }, handle, indexName }) => {
        const outcome = await handle.result().then(
          ({ count }) => count,
          (error: Error) => (error.cause as { type?: string }).type,
        );
        const isReplaced = records === 120;
        expect([name, outcome]).toEqual([name, isReplaced ? 120 : 'GuardViolated']);
        expect(await seeIndex(simulator, indexName)).toMatchObject({
          records: isReplaced ? makeRecords(120, 'new') : makeRecords(100, 'old'),
          settings: { hitsPerPage: 7 },
        });
        expect(temporaryIndicesOf(simulator, indexName)).toEqual([]);
      }),
    );
  },
);
