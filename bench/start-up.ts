import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.ts';
import { freePort } from '../scripts/free-port.ts';
import { startTemporalServer } from '../scripts/temporal-server.ts';
import { median } from './median.ts';
import { residentMb } from './process-memory.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROUNDS = 5;
const TOO_LONG_MS = 60_000;

const VARIANTS = {
  'node dist/worker.js': ['dist/worker.js'],
  'tsx src/worker.ts': ['--import', 'tsx', 'src/worker.ts'],
} as const;

/** From the start of the process until the worker polls, and the memory it has then: the build against tsx. */
export async function benchStartUp(): Promise<void> {
  await build(join(ROOT, 'dist'));
  const temporal = await startTemporalServer({ ui: false });
  try {
    const seen: Record<string, Sample[]> = {};
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [name, args] of Object.entries(VARIANTS))
        (seen[name] ??= []).push(await startOnce(args, temporal.address));
    const [built, fromSource] = Object.keys(VARIANTS).map((name) => medianOf(seen[name] ?? [])) as [Sample, Sample];
    process.stdout.write(`Start to polling, and the process's memory then (median of ${ROUNDS} starts)\n`);
    console.table({
      'node dist/worker.js': shown(built),
      'tsx src/worker.ts': shown(fromSource),
      'built / tsx (goal ≤ 0.5)': {
        'to polling': (built.ms / fromSource.ms).toFixed(2),
        memory: (built.megabytes / fromSource.megabytes).toFixed(2),
      },
    });
  } finally {
    await temporal.stop();
  }
}

interface Sample {
  readonly ms: number;
  readonly megabytes: number;
}

const shown = ({ ms, megabytes }: Sample) => ({
  'to polling': `${ms.toFixed(0)} ms`,
  memory: `${megabytes.toFixed(0)} MB`,
});

async function startOnce(args: readonly string[], temporalAddress: string): Promise<Sample> {
  const health = `127.0.0.1:${await freePort()}`;
  const { PATH = '', HOME = '' } = process.env;
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH,
      HOME,
      TEMPORAL_ADDRESS: temporalAddress,
      HEALTH_ADDRESS: health,
      ALGOLIA_APPLICATION_ID: 'BENCH',
      ALGOLIA_API_KEY: 'unused',
      ALGOLIA_REGION: 'us',
      LOG_LEVEL: 'error',
    },
  });
  const exited = once(child, 'exit');
  try {
    while (!(await isReady(health))) {
      if (child.exitCode !== null || performance.now() - startedAt > TOO_LONG_MS)
        throw new Error(`node ${args.join(' ')} didn't get to polling`);
      await sleep(10);
    }
    return { ms: performance.now() - startedAt, megabytes: residentMb(child.pid) };
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

const isReady = (address: string) =>
  fetch(`http://${address}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

const medianOf = (samples: readonly Sample[]): Sample => ({
  ms: median(samples.map(({ ms }) => ms)),
  megabytes: median(samples.map(({ megabytes }) => megabytes)),
});
