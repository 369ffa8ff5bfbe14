import { setTimeout as delay } from 'node:timers/promises';
import { spawnWorker, type SpawnedWorker } from '../../setup/spawn-worker.ts';
import { startTcpProxy } from '../../setup/tcp-proxy.ts';

/** Workers in processes of their own, each on wires of its own. */
export interface Herd {
  readonly size: number;
  /** Another one takes its place. */
  kill(place: number): Promise<void>;
  freeze(place: number, ms: number): Promise<void>;
  partition(place: number, from: 'temporal' | 'algolia', ms: number): Promise<void>;
  cut(place: number): void;
  jump(place: number, direction: 'ahead' | 'back'): void;
  /** What they have written to standard error. */
  stderr(): string;
  stop(): Promise<void>;
}

export interface HerdOptions {
  readonly size: number;
  readonly temporalPort: number;
  readonly algoliaPort: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly codePath: string;
  /** Workflows kept in memory: none, or so few that they push each other out. */
  readonly cached: number;
}

const HOST = '127.0.0.1';
const RESTART_AFTER_MS = 500;

export async function startHerd({
  size,
  temporalPort,
  algoliaPort,
  environment,
  codePath,
  cached,
}: HerdOptions): Promise<Herd> {
  const members = await Promise.all(
    Array.from({ length: size }, async () => {
      const [temporal, algolia] = await Promise.all([startTcpProxy(temporalPort), startTcpProxy(algoliaPort)]);
      const url = `http://${HOST}:${algolia.port}`;
      const spawn = () =>
        spawnWorker(
          {
            ...environment,
            TEMPORAL_ADDRESS: `${HOST}:${temporal.port}`,
            ALGOLIA_INGESTION_URL: url,
            ALGOLIA_SEARCH_URL: url,
          },
          ['test/setup/crash-worker.ts', codePath, String(cached)],
        );
      return { temporal, algolia, spawn, worker: spawn() };
    }),
  );
  type Member = (typeof members)[number];
  const past: SpawnedWorker[] = [];
  const member = (place: number) => members[place] as Member;
  let hasEnded = false;
  /** As whatever runs workers does, with one that gave up because there was no Temporal server when it started. */
  const lookAfter = async (one: Member): Promise<void> => {
    while (!hasEnded) {
      const { worker } = one;
      await worker.exited;
      await delay(RESTART_AFTER_MS);
      if (!hasEnded && one.worker === worker) replace(one);
    }
  };
  const replace = (one: Member) => {
    past.push(one.worker);
    one.worker = one.spawn();
  };
  for (const one of members) void lookAfter(one);
  return {
    size,
    async kill(place) {
      const one = member(place);
      await one.worker.end('SIGKILL');
      replace(one);
    },
    async freeze(place, ms) {
      const { process: frozen } = member(place).worker;
      frozen.kill('SIGSTOP');
      await delay(ms);
      frozen.kill('SIGCONT');
    },
    async partition(place, from, ms) {
      const wire = member(place)[from];
      wire.stall();
      await delay(ms);
      wire.resume();
    },
    cut(place) {
      member(place).temporal.cut();
      member(place).algolia.cut();
    },
    jump(place, direction) {
      member(place).worker.process.kill(direction === 'ahead' ? 'SIGUSR2' : 'SIGWINCH');
    },
    stderr: () => [...past, ...members.map(({ worker }) => worker)].map((worker) => worker.stderr()).join(''),
    async stop() {
      hasEnded = true;
      await Promise.all(members.map(({ worker }) => worker.end('SIGKILL')));
      await Promise.all(members.flatMap(({ temporal, algolia }) => [temporal.stop(), algolia.stop()]));
    },
  };
}
