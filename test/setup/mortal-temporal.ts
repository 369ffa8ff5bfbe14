import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTemporalServer } from '../../scripts/temporal-server.ts';

export interface MortalTemporal {
  readonly address: string;
  readonly namespace: string;
  /** Kills it outright, and starts it again with what it had on disk. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A Temporal server that keeps its state on disk, for tests that kill it. */
export async function startMortalTemporal(): Promise<MortalTemporal> {
  const directory = mkdtempSync(join(tmpdir(), 'mortal-temporal-'));
  const options = { ui: false, timeSkipping: true, dbFile: join(directory, 'temporal.sqlite') };
  let server = await startTemporalServer(options);
  const { address, namespace } = server;
  return {
    address,
    namespace,
    async restart() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      server = await startTemporalServer({ ...options, port: Number(address.split(':').at(-1)) });
    },
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
