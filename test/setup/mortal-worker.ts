import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { Simulator } from '../../simulator/index.ts';
import { spawnWorker, type SpawnedWorker } from './spawn-worker.ts';
import { workerEnvironment } from './start-worker.ts';

/** A worker in a process of its own, which tests kill and start again. */
export class MortalWorker {
  readonly client: Client;
  readonly taskQueue = `killed-${randomUUID()}`;
  readonly #environment: Readonly<Record<string, string>>;
  #process: SpawnedWorker | undefined;

  private constructor(client: Client, simulator: Simulator, environment: Readonly<Record<string, string>>) {
    this.client = client;
    this.#environment = { ...workerEnvironment(simulator, this.taskQueue), ...environment };
  }

  /** Not started yet. */
  static async of(simulator: Simulator, environment: Readonly<Record<string, string>> = {}): Promise<MortalWorker> {
    const { address, namespace } = inject('temporal');
    const client = new Client({ connection: await Connection.connect({ address }), namespace });
    return new MortalWorker(client, simulator, environment);
  }

  start(): void {
    this.#process = spawnWorker(this.#environment);
  }

  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
  }

  /** For good. */
  async end(): Promise<void> {
    await this.kill();
    await this.client.connection.close();
  }
}
