import { fc } from '../setup/fast-check.ts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { pushRecords } from '../../src/workflows/push-records.ts';
import { makePushConnector } from '../setup/indices.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';

let simulator: Simulator;
let files: RecordsDirectory;
let worker: TestWorker;
beforeAll(async () => {
  [simulator, files] = await Promise.all([startSimulator({ pushMs: 5, quotas: false }), makeRecordsDirectory()]);
  worker = await startTestWorker({ simulator, environment: { RECORDS_DIR: files.path } });
});
afterAll(async () => {
  await worker.stop();
  await Promise.all([simulator.stop(), files.remove()]);
});

const RECORDS = 500;
const objectID = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((id) => id.trim() === id && id !== '');
const members = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.jsonValue({ maxDepth: 4 }), {
  maxKeys: 6,
});

/** The same for the same seed. */
function recordsOf(seed: number): { objectID: string }[] {
  const drawn = fc.sample(fc.tuple(objectID, members), { seed, numRuns: RECORDS });
  const unique = new Map(drawn.map(([id, more], place) => [`${id}#${place}`, more]));
  return [...unique].map(([id, more]) => ({ ...more, objectID: id }));
}

/** JSON knows no -0. */
const asSent = (record: object): unknown => JSON.parse(JSON.stringify(record));

test.for([1, 20_261_125])('records of every shape arrive as they were given (seed %i)', async (seed) => {
  const records = recordsOf(seed);
  const indexName = `shapes-${randomUUID()}`;
  await makePushConnector(simulator, indexName);
  const result = await worker.client.workflow.execute(pushRecords, {
    taskQueue: worker.taskQueue,
    workflowId: indexName,
    args: [{ indexName, action: 'addObject', recordsRef: await files.write(records), batch: { maxRecords: 50 } }],
  });
  expect(result).toMatchObject({ pushed: records.length, verified: records.length, badRecords: 0 });
  const arrived = simulator.world.indices.get(indexName)?.records ?? new Map<string, unknown>();
  expect(arrived.size).toBe(records.length);
  for (const record of records) expect(arrived.get(record.objectID)).toEqual(asSent(record));
});
