import type { Source } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { fetchRecords } from './fetch-records.ts';
import { finishRun, markStarted } from './finish-run.ts';
import { publishEvent } from './publish-event.ts';
import type { RunType } from './run.ts';
import { SourceProblem } from './source-problem.ts';
import { createRun } from './start-run.ts';

const SAMPLE_SIZE = 10;

/** Reads the source and answers with some of its records; what is wrong with it stands in `events`, with HTTP 200. */
export function validateSource(world: World, source: Source | undefined) {
  return check(world, 'validate', async () => {
    if (!source) throw new SourceProblem('there is no source to validate');
    if (source.type === 'push') return [];
    const { records, problems } = await fetchRecords(world, source);
    if (problems[0]) throw new SourceProblem(problems[0].message);
    return records.slice(0, SAMPLE_SIZE);
  });
}

/** The streams of a docker source: one, of the records attached to it. */
export function discoverStreams(world: World, source: Source) {
  return check(world, 'discover', async () => {
    const { records } = await fetchRecords(world, source);
    return [{ name: 'records', properties: Object.keys(records[0] ?? {}), syncModes: ['fullTable', 'incremental'] }];
  });
}

async function check(world: World, type: RunType, work: () => Promise<Record<string, unknown>[]>) {
  const run = createRun(world, '', type);
  markStarted(world, run);
  const { runID, createdAt } = run;
  try {
    const data = await world.clock.busy(work());
    const { eventID } = publishEvent(world, run, { type: 'fetch', status: 'succeeded', batchSize: data.length });
    finishRun(world, run, { outcome: 'success', reasonCode: 'ok', reason: '' });
    return { runID, eventID, data, message: `${type} succeeded`, createdAt };
  } catch (error) {
    if (!(error instanceof SourceProblem)) throw error;
    const event = publishEvent(world, run, { type: 'fetch', status: 'failed', data: { message: error.message } });
    finishRun(world, run, { outcome: 'failure', reasonCode: 'critical', reason: error.message });
    return {
      runID,
      eventID: event.eventID,
      data: [],
      events: [event],
      message: `${type} failed: ${error.message}`,
      createdAt,
    };
  }
}
