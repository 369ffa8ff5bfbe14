import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { listPollers } from '../../src/list-pollers.ts';
import { keyRingId, type KeyRingState } from '../../src/secrets/key-ring-state.ts';
import {
  forceConverge,
  rotateApiKey,
  rotateApiKeyId,
  rotateApiKeyStatus,
  type RotateApiKeyInput,
} from '../../src/workflows/rotate-api-key.ts';
import { syncTask } from '../../src/workflows/sync-task.ts';
import { answer, asked } from '../setup/decide.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { spawnWorker, type SpawnedWorker } from '../setup/spawn-worker.ts';
import { startTcpProxy } from '../setup/tcp-proxy.ts';
import { workerEnvironment } from '../setup/start-worker.ts';

const SYNCS = 200;
const QUICK = { toSecret: 'file:algolia/v8', emergency: true, overlap: '0s', soak: '3s', revoke: 'delete' } as const;
const OUTAGE_MS = 30_000;
const PATIENCE = { timeout: 120_000, interval: 100 };
const AT_ONCE = { timeout: 60_000, interval: 5 };

let connection: Connection;
let client: Client;
let records: RecordServer;
beforeAll(async () => {
  const { address, namespace } = inject('temporal');
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
  records = await serveRecords();
});
afterAll(async () => {
  await Promise.all([connection.close(), records.stop()]);
});

interface Moment {
  readonly name: string;
  /** Its answer gets lost, and the worker is killed as soon as it has taken effect. */
  readonly request?: 'addApiKey' | 'deleteApiKey';
  readonly whenEpochIs?: number;
}

/** An application whose workers are processes of their own. */
class Stage {
  readonly simulator: Simulator;
  readonly taskQueue = `rotated-${randomUUID()}`;
  readonly secretsDir = mkdtempSync(join(tmpdir(), 'rotated-secrets-'));
  readonly #workers: SpawnedWorker[] = [];

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  static async set(): Promise<Stage> {
    const id = randomUUID().slice(0, 8);
    const keys = { apiKey: `old-key-${id}`, adminKey: `admin-key-${id}` };
    return new Stage(await startSimulator({ quotas: false, applicationId: `PROC${id}`, ...keys, runSpeed: 4 }));
  }

  spawn(elsewhere: Readonly<Record<string, string>> = {}): SpawnedWorker {
    const environment = {
      ...workerEnvironment(this.simulator, this.taskQueue),
      SECRETS_DIR: this.secretsDir,
      SECRET_ALGOLIA_ADMIN_KEY: this.simulator.adminKey,
      ...elsewhere,
    };
    const worker = spawnWorker(environment, ['test/setup/bundled-worker.ts', inject('workflowBundle').codePath]);
    this.#workers.push(worker);
    return worker;
  }

  rotate(input: RotateApiKeyInput) {
    return client.workflow.start(rotateApiKey, {
      workflowId: rotateApiKeyId(this.simulator.applicationId),
      taskQueue: this.taskQueue,
      args: [input],
    });
  }

  /** Waits for so many workers, dead or alive, by what they poll for last: activities. */
  async polling(workers: number): Promise<void> {
    await vi.waitFor(async () => {
      const pollers = await listPollers(client, this.taskQueue, ['activities']);
      if (pollers.length !== workers) throw new Error(`${pollers.length} workers poll, not ${workers}`);
    }, PATIENCE);
  }

  async epoch(): Promise<number | undefined> {
    const { memo } = await client.workflow.getHandle(keyRingId(this.simulator.applicationId)).describe();
    return (memo?.keyRing as KeyRingState | undefined)?.epoch;
  }

  async hasCome({ request, whenEpochIs }: Moment): Promise<boolean> {
    if (request) return this.simulator.world.requests.counts[request] === 1;
    return whenEpochIs === undefined || (await this.epoch()) === whenEpochIs;
  }

  isKnown(key: string): boolean {
    return this.simulator.world.keys.get(key) !== undefined;
  }

  async strike(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end('SIGKILL')));
    await this.simulator.stop();
    rmSync(this.secretsDir, { recursive: true });
  }
}

type Rotation = Awaited<ReturnType<Stage['rotate']>>;
const stepOf = async (handle: Rotation) =>
  (await handle.query(rotateApiKeyStatus)).steps.find(({ state }) => state === 'going on')?.step;
const reached = (handle: Rotation, ...wanted: string[]) =>
  vi.waitFor(async () => expect(wanted).toContain(await stepOf(handle)), PATIENCE);

// By itself: two hundred syncs are load enough.
test('a rotation waits, while syncs go on, for a worker that is frozen, and no request is ever refused', async () => {
  const stage = await Stage.set();
  try {
    const workers = [stage.spawn(), stage.spawn(), stage.spawn()];
    const v8 = 'new-key-of-the-operator';
    await stage.simulator.control('POST /keys', { key: v8 });
    writeFileSync(join(stage.secretsDir, 'v8'), v8);
    const connectors = await Promise.all(
      Array.from({ length: SYNCS }, () => makeConnector(stage.simulator, { url: records.url })),
    );
    await stage.polling(3);
    const handle = await stage.rotate({ ...QUICK, toSecret: 'file:v8' });
    const syncs = connectors.map(async ({ taskID }, place) => {
      await delay(place * 100);
      return client.workflow.execute(syncTask, {
        workflowId: randomUUID(),
        taskQueue: stage.taskQueue,
        args: [{ taskID }],
      });
    });
    const { planHash } = await asked(handle);
    // Frozen with the old key in hand: it never hears of the new one.
    const frozen = workers[1]?.process;
    frozen?.kill('SIGSTOP');
    await handle.signal('approve', { approver: 'bob', planHash });
    await reached(handle, 'converge', 'overlap', 'drain', 'revoke', 'prove');
    const heldBack = await vi.waitFor(async () => {
      const { waitingFor = [] } = await handle.query(rotateApiKeyStatus);
      expect(waitingFor).toHaveLength(1);
      return waitingFor;
    }, PATIENCE);
    expect(heldBack[0]).toMatch(new RegExp(`^${frozen?.pid}@`));
    // Everybody else is through long since.
    await delay(3_000);
    expect(await stepOf(handle)).toBe('converge');
    expect(stage.isKnown(stage.simulator.apiKey)).toBe(true);
    frozen?.kill('SIGCONT');

    expect(await handle.result()).toMatchObject({ outcome: 'revoked', workers: { acked: 3, forced: 0 } });
    for (const sync of await Promise.all(syncs)) expect(sync).toMatchObject({ verdict: 'success' });
    const refused = stage.simulator.world.requests.list({}).filter(({ status }) => status === 401 || status === 403);
    // The proof that the old key is refused.
    expect(refused.map(({ operation }) => operation)).toEqual(['listTasks']);
    expect(stage.simulator.world.requests.counts).toMatchObject({ deleteApiKey: 1 });
  } finally {
    await stage.strike();
  }
}, 300_000);

describe.concurrent('a rotation', () => {
  test.for<Moment>([
    { name: 'when the new key has been created', request: 'addApiKey' },
    { name: 'while people are asked' },
    { name: 'when the new key has been promoted', whenEpochIs: 1 },
    { name: 'when the old key has been deleted', request: 'deleteApiKey' },
  ])(
    'comes to the same with a worker that is killed $name: one new key, one revocation',
    { timeout: 300_000 },
    async (moment) => {
      const stage = await Stage.set();
      const { request, whenEpochIs } = moment;
      const { world } = stage.simulator;
      try {
        const first = stage.spawn();
        await stage.polling(1);
        if (request)
          await stage.simulator.control('POST /faults', { operation: request, kind: 'loseAnswer', times: 1 });
        const handle = await stage.rotate({ ...QUICK, mint: 'algolia' });
        const approveAfterwards = request === 'addApiKey' || (!request && whenEpochIs === undefined);
        if (!approveAfterwards) await answer(handle, 'approve');
        else if (!request) await asked(handle);
        await vi.waitFor(async () => expect(await stage.hasCome(moment)).toBe(true), AT_ONCE);
        await first.end('SIGKILL');
        stage.spawn();
        await stage.polling(2);
        if (approveAfterwards) await answer(handle, 'approve');
        const forced = forceWhenConverging(handle);
        expect(await handle.result()).toMatchObject({ outcome: 'revoked', epoch: 1, oldKey: 'refused' });
        await forced;
        expect(world.requests.counts).toMatchObject({ addApiKey: 1, deleteApiKey: 1 });
        expect(world.keys.values()).toHaveLength(2);
        expect(stage.isKnown(readFileSync(join(stage.secretsDir, 'algolia/v8'), 'utf8'))).toBe(true);
        expect(stage.isKnown(stage.simulator.apiKey)).toBe(false);
      } finally {
        await stage.strike();
      }
    },
  );

  test.for(['Temporal', 'Algolia'] as const)(
    'comes to the same when %s is out of reach for thirty seconds while the new key is watched',
    { timeout: 300_000 },
    async (what) => {
      const stage = await Stage.set();
      const { world, url } = stage.simulator;
      const wire = await startTcpProxy(portOf(what === 'Algolia' ? url : `http://${inject('temporal').address}`));
      const through = `127.0.0.1:${wire.port}`;
      try {
        stage.spawn(
          what === 'Algolia'
            ? { ALGOLIA_INGESTION_URL: `http://${through}`, ALGOLIA_SEARCH_URL: `http://${through}` }
            : { TEMPORAL_ADDRESS: through },
        );
        await stage.polling(1);
        const handle = await stage.rotate({ ...QUICK, mint: 'algolia', soak: '5s' });
        await answer(handle, 'approve');
        await vi.waitFor(async () => expect(await stage.epoch()).toBe(1), AT_ONCE);
        wire.stall();
        await delay(OUTAGE_MS);
        expect(stage.isKnown(stage.simulator.apiKey)).toBe(true);
        wire.cut();
        wire.resume();
        expect(await handle.result()).toMatchObject({ outcome: 'revoked', epoch: 1, oldKey: 'refused' });
        expect(world.requests.counts).toMatchObject({ addApiKey: 1, deleteApiKey: 1 });
        expect(stage.isKnown(stage.simulator.apiKey)).toBe(false);
      } finally {
        await stage.strike();
        await wire.stop();
      }
    },
  );
});

const portOf = (url: string) => Number(new URL(url).port);

/** The server lists a killed worker for five minutes more; its operator knows better. */
async function forceWhenConverging(handle: Rotation): Promise<void> {
  for (;;) {
    const { waitingFor = [], steps, outcome } = await handle.query(rotateApiKeyStatus);
    if (outcome) return;
    if (waitingFor.length === 1 && steps.find(({ step }) => step === 'converge')?.state === 'going on') break;
    await delay(200);
  }
  await handle.signal(forceConverge, { by: 'the operator', reason: 'that process was killed' });
}
