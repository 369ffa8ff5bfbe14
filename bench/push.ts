import type { PushRecordsInput } from '../src/workflows/push-records.ts';
import { median } from './median.ts';
import { setPushStage, type PushStage } from './push-stage.ts';

const LATENCIES_MS = [0, 50, 200];
/** So many that what a workflow costs at its beginning and end doesn't count. */
const RECORDS = 100_000;
const LARGE_RECORDS = 1_000_000;
const ROUNDS = 3;

/**
 * Records per second of `pushRecords` on a worker, from a file to the last event read, against the official client's
 * `chunkedPush` with the same records in memory and no event read. Worker, server and official client are processes of
 * their own, the worker as it is built; rounds are interleaved.
 */
export async function benchPush(): Promise<void> {
  const stage = await setPushStage();
  try {
    await stage.write('records.ndjson', RECORDS);
    const rows: Record<string, Record<string, string>> = {};
    for (const latencyMs of LATENCIES_MS) rows[`${latencyMs} ms latency`] = await compare(stage, latencyMs);
    console.log(
      `\nPush of ${RECORDS} records of 1 KB: records/s of the official chunkedPush, and times that of pushRecords`,
    );
    console.table(rows);
  } finally {
    await stage.stop();
  }
}

/** The worker's memory and the workflow's history over a file of about 1 GB. */
export async function benchLargePush(): Promise<void> {
  const stage = await setPushStage();
  try {
    const bytes = await stage.write('large.ndjson', LARGE_RECORDS);
    const rows: Record<string, Record<string, string>> = {};
    for (const verify of ['none', 'everyEvent'] as const) {
      const { result, peakMb, history } = await stage.push(0, { maxParallel: 8, verify }, 'large.ndjson');
      rows[verify === 'none' ? 'no event read' : 'every event read'] = {
        'records/s': perSecond(LARGE_RECORDS, result.durationMs),
        'MB/s': (bytes / 1e6 / (result.durationMs / 1_000)).toFixed(0),
        'peak RSS of the worker': `${peakMb} MB`,
        'history events': String(history),
      };
    }
    console.log(`\nPush of ${LARGE_RECORDS} records, ${(bytes / 1e9).toFixed(2)} GB, 8 batches at a time`);
    console.table(rows);
  } finally {
    await stage.stop();
  }
}

async function compare(stage: PushStage, latencyMs: number): Promise<Record<string, string>> {
  const variants: Record<string, Partial<PushRecordsInput>> = {
    '1 at a time': { maxParallel: 1, verify: 'none' },
    '1, events read': { maxParallel: 1 },
    '4, events read': { maxParallel: 4 },
    '8, events read': { maxParallel: 8 },
    '16, events read': { maxParallel: 16 },
  };
  const official: number[] = [];
  const ours: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    official.push(await stage.pushOfficially(latencyMs, RECORDS));
    for (const [name, options] of Object.entries(variants))
      (ours[name] ??= []).push((await stage.push(latencyMs, options, 'records.ndjson')).wallMs);
  }
  const officialMs = median(official);
  return {
    official: perSecond(RECORDS, officialMs),
    ...Object.fromEntries(
      Object.entries(ours).map(([name, ms]) => [name, `${(officialMs / median(ms)).toFixed(1)} ×`]),
    ),
  };
}

const perSecond = (records: number, ms: number) => Math.round(records / (ms / 1_000)).toLocaleString('en');
