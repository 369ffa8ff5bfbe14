import type { Client } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { listPollers } from '../../src/list-pollers.ts';
import { keyRingId, type KeyRingState } from '../../src/secrets/key-ring-state.ts';
import { rotateApiKey, rotateApiKeyId, type RotateApiKeyInput } from '../../src/workflows/rotate-api-key.ts';
import { spawnWorker, type SpawnedWorker } from './spawn-worker.ts';
import { workerEnvironment } from './start-worker.ts';

/** How long a rotation with processes for workers may take to get somewhere. */
export const PATIENCE = { timeout: 120_000, interval: 100 };

/** Has most steps, and waits for nothing by itself. */
export const QUICKLY_MINTED = {
  toSecret: 'file:algolia/v8',
  mint: 'algolia',
  revoke: 'delete',
  emergency: true,
  soak: '0s',
  overlap: '0s',
} as const;

/** An application whose workers are processes of their own. */
export class RotationStage {
  readonly client: Client;
  readonly simulator: Simulator;
  readonly taskQueue = `rotated-${randomUUID()}`;
  readonly secretsDir = mkdtempSync(join(tmpdir(), 'rotated-secrets-'));
  readonly #workers: SpawnedWorker[] = [];

  private constructor(client: Client, simulator: Simulator) {
    this.client = client;
    this.simulator = simulator;
  }

  static async set(client: Client): Promise<RotationStage> {
    const id = randomUUID().slice(0, 8);
    const keys = { apiKey: `old-key-${id}`, adminKey: `admin-key-${id}` };
    const simulator = await startSimulator({ quotas: false, applicationId: `PROC${id}`, ...keys, runSpeed: 4 });
    return new RotationStage(client, simulator);
  }

  spawn(elsewhere: Readonly<Record<string, string>> = {}): SpawnedWorker {
    const environment = {
      ...workerEnvironment(this.simulator, this.taskQueue),
      SECRETS_DIR: this.secretsDir,
      SECRET_ALGOLIA_ADMIN_KEY: this.simulator.adminKey,
      ...elsewhere,
    };
    const worker = spawnWorker(environment);
    this.#workers.push(worker);
    return worker;
  }

  rotate(input: RotateApiKeyInput) {
    return this.client.workflow.start(rotateApiKey, {
      workflowId: rotateApiKeyId(this.simulator.applicationId),
      taskQueue: this.taskQueue,
      args: [input],
    });
  }

  /** Waits for so many workers, dead or alive, by what they poll for last: activities. */
  async polling(workers: number): Promise<void> {
    await vi.waitFor(async () => {
      const pollers = await listPollers(this.client, this.taskQueue, ['activities']);
      if (pollers.length !== workers) throw new Error(`${pollers.length} workers poll, not ${workers}`);
    }, PATIENCE);
  }

  async ring(): Promise<KeyRingState | undefined> {
    const { memo } = await this.client.workflow.getHandle(keyRingId(this.simulator.applicationId)).describe();
    return memo?.keyRing as KeyRingState | undefined;
  }

  isKnown(key: string): boolean {
    return this.simulator.world.keys.get(key) !== undefined;
  }

  secret(path: string): string {
    return readFileSync(join(this.secretsDir, path), 'utf8');
  }

  async strike(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end('SIGKILL')));
    await this.simulator.stop();
    rmSync(this.secretsDir, { recursive: true });
  }
}
