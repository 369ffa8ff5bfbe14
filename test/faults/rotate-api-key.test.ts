import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { forceConverge, rotateApiKeyStatus } from '../../src/workflows/rotate-api-key.ts';
import { syncTask } from '../../src/workflows/sync-task.ts';
import { answer, asked } from '../setup/decide.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { PATIENCE, RotationStage } from '../setup/rotation-stage.ts';
import { startTcpProxy } from '../setup/tcp-proxy.ts';

const SYNCS = 200;
const QUICK = { toSecret: 'file:algolia/v8', emergency: true, overlap: '0s', soak: '3s', revoke: 'delete' } as const;
const OUTAGE_MS = 30_000;
const AT_ONCE = { timeout: 150_000, interval: 5 };

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

async function hasCome(stage: RotationStage, { request, whenEpochIs }: Moment): Promise<boolean> {
  if (request) return stage.simulator.world.requests.counts[request] === 1;
  return whenEpochIs === undefined || (await stage.ring())?.epoch === whenEpochIs;
}

type Rotation = Awaited<ReturnType<RotationStage['rotate']>>;
const stepOf = async (handle: Rotation) =>
  (await handle.query(rotateApiKeyStatus)).steps.find(({ state }) => state === 'going on')?.step;
const reached = (handle: Rotation, ...wanted: string[]) =>
  vi.waitFor(async () => expect(wanted).toContain(await stepOf(handle)), PATIENCE);

// By itself: two hundred syncs are load enough.
test('a rotation waits, while syncs go on, for a worker that is frozen, and no request is ever refused', async () => {
  const stage = await RotationStage.set(client);
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
      const stage = await RotationStage.set(client);
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
        await vi.waitFor(async () => expect(await hasCome(stage, moment)).toBe(true), AT_ONCE);
        await first.end('SIGKILL');
        stage.spawn();
        await stage.polling(2);
        if (approveAfterwards) await answer(handle, 'approve');
        const forced = forceWhenConverging(handle);
        expect(await handle.result()).toMatchObject({ outcome: 'revoked', epoch: 1, oldKey: 'refused' });
        await forced;
        expect(world.requests.counts).toMatchObject({ addApiKey: 1, deleteApiKey: 1 });
        expect(world.keys.values()).toHaveLength(2);
        expect(stage.isKnown(stage.secret('algolia/v8'))).toBe(true);
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
      const stage = await RotationStage.set(client);
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
        await vi.waitFor(async () => expect((await stage.ring())?.epoch).toBe(1), AT_ONCE);
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
