import type { Destination, IndexRecord, Source, Task } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { checkDestinationKey } from './check-destination-key.ts';
import { fetchRecords, type Extracted } from './fetch-records.ts';
import { finishRun, markStarted } from './finish-run.ts';
import { admitRecords, transformationsOf, transformRecords } from './prepare-records.ts';
import { publishBatch, publishEvent } from './publish-event.ts';
import type { RecordProblem } from './record-failures.ts';
import { isOver, type Run, type Verdict } from './run.ts';
import { SourceProblem } from './source-problem.ts';
import { writeModes, writeRecord } from './write-record.ts';

export interface RunOptions {
  /** Only these records. */
  readonly onlyIDs?: readonly string[] | undefined;
}

/** The share of a run's time before it starts. */
const CREATED_SHARE = 0.1;

/** Ingests for real: fetch, transform, write, batch by batch, spread over the time that a run takes. */
export async function executeRun(world: World, run: Run, task: Task, { onlyIDs }: RunOptions): Promise<void> {
  const { clock, settings } = world;
  const runMs = settings.runMs / settings.speed;
  await clock.sleep(runMs * CREATED_SHARE);
  const source = world.sources.get(task.sourceID);
  const destination = world.destinations.get(task.destinationID);
  if (isOver(run) || !source || !destination) return;
  markStarted(world, run);

  const extracted = await extract(world, run, source, destination);
  if (!extracted || isOver(run)) return;
  const records = onlyIDs ? extracted.records.filter(({ objectID }) => onlyIDs.includes(objectID)) : extracted.records;
  const total = records.length + extracted.problems.length;
  if (total === 0)
    return finishRun(world, run, { outcome: 'success', reasonCode: 'no_events', reason: 'the source has no records' });

  const { indexName } = destination.input;
  const replacement = task.action === 'replace' ? new Map<string, IndexRecord>() : undefined;
  const batches = inBatches(records, settings.batchSize);
  const eventsPerBatch = transformationsOf(world, destination).length > 0 ? 2 : 1;
  run.progress = { expectedNbOfEvents: 1 + batches.length * eventsPerBatch, receivedNbOfEvents: 1 };
  let failed = extracted.problems.length;
  if (failed > 0) publishBatch(world, run, 'record', 0, extracted.problems);

  const startedAt = clock.now();
  for (const [place, batch] of batches.entries()) {
    await clock.until(startedAt + (runMs * (1 - CREATED_SHARE) * (place + 1)) / batches.length);
    if (isOver(run)) return;
    const outcome = ingestBatch(world, run, destination, batch);
    if (outcome.critical !== undefined) return finishRun(world, run, critical(outcome.critical));
    // Looked up again each time: the index may have been moved or deleted meanwhile.
    const target = replacement ?? world.indices.touch(indexName).records;
    for (const record of outcome.records) writeRecord(target, writeModes[task.action], record);
    failed += outcome.failed;
    run.progress.receivedNbOfEvents += eventsPerBatch;
  }
  const verdict = judge(failed, total, task.failureThreshold ?? 0);
  // A replacement becomes visible at once and as a whole, or not at all.
  if (verdict.outcome === 'success' && replacement) world.indices.touch(indexName).records = replacement;
  finishRun(world, run, verdict);
}

async function extract(
  world: World,
  run: Run,
  source: Source,
  destination: Destination,
): Promise<Extracted | undefined> {
  const event = publishEvent(world, run, { type: 'fetch', status: 'started' });
  try {
    checkDestinationKey(world, destination);
    const extracted = await world.clock.busy(fetchRecords(world, source));
    event.status = 'succeeded';
    event.batchSize = extracted.records.length;
    return extracted;
  } catch (error) {
    if (!(error instanceof SourceProblem)) throw error;
    event.status = 'failed';
    event.data = { message: error.message };
    finishRun(world, run, critical(error.message));
    return undefined;
  }
}

interface BatchOutcome {
  readonly records: readonly IndexRecord[];
  readonly failed: number;
  /** Why the run can't go on. */
  readonly critical?: string | undefined;
}

function ingestBatch(world: World, run: Run, destination: Destination, batch: readonly IndexRecord[]): BatchOutcome {
  let candidates: readonly IndexRecord[] = batch;
  let notTransformed: readonly RecordProblem[] = [];
  if (transformationsOf(world, destination).length > 0) {
    try {
      const transformed = transformRecords(world, destination, batch);
      candidates = transformed.records;
      notTransformed = transformed.problems;
    } catch (error) {
      if (!(error instanceof SourceProblem)) throw error;
      publishEvent(world, run, {
        type: 'transform',
        status: 'critical',
        batchSize: batch.length,
        data: { message: error.message },
      });
      return { records: [], failed: batch.length, critical: error.message };
    }
    publishBatch(world, run, 'transform', batch.length - notTransformed.length, notTransformed);
  }
  const { records, problems } = admitRecords(world, destination, destination.input.indexName, candidates);
  publishBatch(world, run, 'record', records.length, problems);
  const critical = problems.find(({ status }) => status === 'critical')?.message;
  return { records, failed: notTransformed.length + problems.length, critical };
}

const critical = (reason: string): Verdict => ({ outcome: 'failure', reasonCode: 'critical', reason });

/** More failures than the threshold's percentage make the whole run one. */
function judge(failed: number, total: number, threshold: number): Verdict {
  const percentage = (100 * failed) / total;
  if (percentage <= threshold) return { outcome: 'success', reasonCode: 'ok', reason: '' };
  const reason = `${failed} of ${total} records failed (${percentage.toFixed(1)} %), which is more than ${threshold} %`;
  return { outcome: 'failure', reasonCode: 'too_many_errors', reason };
}

function inBatches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, place) =>
    items.slice(place * size, (place + 1) * size),
  );
}
