import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
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
import { answer, asked, failureOf } from '../setup/decide.ts';
import { makeConnector, serveRecords, type RecordServer } from '../setup/connector.ts';
import { formsOf, historiesOf, textOf } from '../setup/histories.ts';
import { hold } from '../setup/hold.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { fastForward, withTimeSkipping } from '../setup/time-skipping.ts';

vi.setConfig({ maxConcurrency: 10 });

/** An application, its worker, and a new key in `file:v8`. */
interface Stage {
  readonly simulator: Simulator;
  readonly worker: TestWorker;
  readonly secretsDir: string;
  readonly keys: { readonly old: string; readonly admin: string; readonly v8: string };
}

const stages: Stage[] = [];
let forBadInput: Promise<Stage> | undefined;
let records: RecordServer;
beforeAll(async () => {
  records = await serveRecords();
});
afterAll(async () => {
  for (const { worker, simulator, secretsDir } of stages) {
    await worker.stop();
    await simulator.stop();
    rmSync(secretsDir, { recursive: true });
  }
  await records.stop();
});

async function setStage(keyOptions: object = {}): Promise<Stage> {
  const id = randomUUID().slice(0, 8);
  const keys = { old: `old-key-${id}`, admin: `admin-key-${id}`, v8: `new-key-${id}` };
  const simulator = await startSimulator({
    applicationId: `ROTATE${id}`,
    apiKey: keys.old,
    adminKey: keys.admin,
    runSpeed: 20,
  });
  const secretsDir = mkdtempSync(join(tmpdir(), 'rotate-secrets-'));
  writeFileSync(join(secretsDir, 'v8'), `${keys.v8}\n`);
  await simulator.control('POST /keys', { key: keys.v8, ...keyOptions });
  const worker = await startTestWorker({
    simulator,
    environment: { SECRETS_DIR: secretsDir, SECRET_ALGOLIA_ADMIN_KEY: keys.admin, SECRET_ADMIN_IS_OLD: keys.old },
  });
  const stage = { simulator, worker, secretsDir, keys };
  stages.push(stage);
  return stage;
}

/** Everything short, and the old key deleted at the end. */
const QUICK = { toSecret: 'file:v8', emergency: true, overlap: '0s', soak: '1s', revoke: 'delete' } as const;

function rotate({ worker, simulator }: Stage, input: RotateApiKeyInput = QUICK, { skipTime = false } = {}) {
  return (skipTime ? withTimeSkipping(worker.client) : worker.client).workflow.start(rotateApiKey, {
    workflowId: rotateApiKeyId(simulator.applicationId),
    taskQueue: worker.taskQueue,
    args: [input],
  });
}
type Rotation = WorkflowHandle<typeof rotateApiKey>;

const setClientApiKey = ({ worker: { client, taskQueue } }: Stage, reference: string) =>
  client.activity.execute('setClientApiKey', {
    id: randomUUID(),
    taskQueue,
    args: [{ apiKey: { $secret: reference } }],
    startToCloseTimeout: '30s',
    retry: { maximumAttempts: 1 },
  });

const ringOf = async ({ worker, simulator }: Stage): Promise<KeyRingState | undefined> => {
  const handle = worker.client.workflow.getHandle(keyRingId(simulator.applicationId));
  const described = await handle.describe().catch(() => undefined);
  return described?.memo?.keyRing as KeyRingState | undefined;
};
const counts = ({ simulator }: Stage): Readonly<Record<string, number>> => simulator.world.requests.counts;
const isKnown = ({ simulator }: Stage, key: string) => simulator.world.keys.get(key) !== undefined;
const noteOf = async (handle: Rotation, wanted: string) =>
  (await handle.query(rotateApiKeyStatus)).steps.find(({ step }) => step === wanted)?.note;
const reached = (handle: Rotation, wanted: string) =>
  vi.waitFor(
    async () => {
      const { steps } = await handle.query(rotateApiKeyStatus);
      expect(steps.find(({ step }) => step === wanted)?.state).toBe('going on');
    },
    { timeout: 150_000, interval: 50 },
  );

describe.concurrent('rotateApiKey', () => {
  describe('a rotation', () => {
    test('switches the key, deletes the old one, proves it, and tells who approved', async () => {
      const stage = await setStage();
      const { taskID } = await makeConnector(stage.simulator, { url: records.url });
      const handle = await rotate(stage, {
        ...QUICK,
        canaryTaskID: taskID,
        requestedBy: 'ana',
        reason: 'the yearly rotation',
      });
      const question = await answer(handle, 'approve');
      expect(question.plan).toMatchObject({
        from: { reference: 'configured' },
        to: { reference: 'file:v8' },
        epoch: 0,
      });
      expect(await handle.result()).toMatchObject({
        outcome: 'revoked',
        from: 'configured',
        to: 'file:v8',
        epoch: 1,
        emergency: true,
        approval: { decision: 'approved', by: [{ actor: 'bob' }] },
        workers: { acked: 1, forced: 0 },
        canary: { verdict: 'success', keyVersion: 'epoch 1 (file:v8)' },
        oldKey: 'refused',
        overlapActual: expect.stringMatching(/^\d+s$/),
      });
      expect(isKnown(stage, stage.keys.old)).toBe(false);
      expect(counts(stage)).toMatchObject({ deleteApiKey: 1 });
      expect(await ringOf(stage)).toMatchObject({ epoch: 1, current: { reference: 'file:v8' }, overlap: false });
      expect((await ringOf(stage))?.rotation).toBeUndefined();
      const { steps, outcome } = await handle.query(rotateApiKeyStatus);
      expect(outcome).toBe('revoked');
      expect(steps.map(({ state }) => state)).toEqual(Array.from({ length: 10 }, () => 'done'));
      const { typedSearchAttributes } = await handle.describe();
      expect(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toEqual(
        expect.arrayContaining([
          ['Outcome', 'revoked'],
          ['AlgoliaAppId', stage.simulator.applicationId],
        ]),
      );
    });

    test('leaves the old key where nobody asked for its deletion, and says that it is still good', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, { toSecret: 'file:v8', emergency: true, overlap: '0s', soak: '1s' });
      await answer(handle, 'approve');
      expect(await handle.result()).toMatchObject({ outcome: 'left', oldKey: 'accepted' });
      expect(counts(stage).deleteApiKey).toBeUndefined();
    });

    test(
      'takes the whole day that it takes by default, and watches the new key meanwhile',
      { timeout: 180_000 },
      async () => {
        const stage = await setStage();
        const handle = await rotate(stage, { toSecret: 'file:v8', revoke: 'delete' });
        await answer(handle, 'approve');
        await reached(handle, 'soak');
        await fastForward(stage.worker.client, handle.workflowId, '31m');
        await reached(handle, 'overlap');
        expect(isKnown(stage, stage.keys.old)).toBe(true);
        await fastForward(stage.worker.client, handle.workflowId, '24h');
        const result = await handle.result();
        expect(result).toMatchObject({ outcome: 'revoked' });
        expect(result.overlapActual).toMatch(/^24h/);
        expect(result.emergency).toBeUndefined();
      },
    );

    test('waits for runs that began before every worker had the new key', async () => {
      const stage = await setStage();
      const { taskID } = await makeConnector(stage.simulator, { url: records.url });
      await stage.simulator.control('POST /runs/script', { taskID, durationMs: 3_600_000 });
      const { runID } = (await stage.worker.client.activity.execute('runTask', {
        id: randomUUID(),
        taskQueue: stage.worker.taskQueue,
        args: [{ taskID }],
        startToCloseTimeout: '30s',
      })) as { runID: string };
      const handle = await rotate(stage);
      await answer(handle, 'approve');
      await reached(handle, 'drain');
      await vi.waitFor(async () => expect((await handle.query(rotateApiKeyStatus)).runsLeft).toBe(1), 10_000);
      expect(isKnown(stage, stage.keys.old)).toBe(true);
      await stage.simulator.control(`POST /runs/${runID}/finish`, {});
      expect(await handle.result()).toMatchObject({ outcome: 'revoked', runsDrained: 1 });
    });

    test('takes an old key that somebody else has deleted for revoked, and says so', async () => {
      const stage = await setStage();
      const handle = await rotate(stage);
      await asked(handle);
      await stage.simulator.control(`DELETE /keys/${stage.keys.old}`);
      await answer(handle, 'approve');
      expect(await handle.result()).toMatchObject({ outcome: 'revoked', oldKey: 'refused' });
      expect(await noteOf(handle, 'revoke')).toBe('it was gone already');
      expect(counts(stage).deleteApiKey).toBeUndefined();
    });

    test('says so when the place of the old key holds another one by now, so that nobody can try it', async () => {
      const stage = await setStage();
      await stage.simulator.control('POST /keys', { key: 'key-of-v9' });
      writeFileSync(join(stage.secretsDir, 'v9'), 'key-of-v9');
      await setClientApiKey(stage, 'file:v8');
      const handle = await rotate(stage, { ...QUICK, toSecret: 'file:v9', revoke: 'leave', soak: '1m' });
      await answer(handle, 'approve');
      await reached(handle, 'soak');
      writeFileSync(join(stage.secretsDir, 'v8'), 'something-else');
      await fastForward(stage.worker.client, handle.workflowId, '1m');
      expect(await handle.result()).toMatchObject({ outcome: 'left', oldKey: 'unknown' });
      expect(await noteOf(handle, 'prove')).toMatch(
        /^the old key could not be tried: secret file:v8 holds another key/,
      );
    });

    test('fails when the old key was deleted and Algolia goes on accepting it', async () => {
      const stage = await setStage();
      stage.simulator.world.faults.add({
        operation: 'listTasks',
        kind: 'status',
        status: 200,
        body: { tasks: [], pagination: { page: 1, itemsPerPage: 1, nbPages: 1, nbItems: 0 } },
        applies: () => !isKnown(stage, stage.keys.old),
        times: Infinity,
      });
      const handle = await rotate(stage);
      await answer(handle, 'approve');
      await reached(handle, 'prove');
      await fastForward(stage.worker.client, handle.workflowId, '3m');
      expect(await failureOf(handle)).toMatchObject({
        type: 'RotationIncomplete',
        message: expect.stringContaining('was deleted, but Algolia still accepts it two minutes later'),
        details: [{ outcome: 'incomplete', oldKey: 'accepted', to: 'file:v8' }],
      });
      expect((await ringOf(stage))?.rotation).toBeUndefined();
    });
  });

  describe('a key that Algolia creates', () => {
    const MINT = { ...QUICK, toSecret: 'file:algolia/v9', mint: 'algolia' } as const;

    test('has the rights of the current one, and goes to its file and nowhere else', async () => {
      const stage = await setStage();
      await stage.simulator.control('POST /keys', {
        key: stage.keys.old,
        acl: ['addObject', 'deleteIndex', 'editSettings'],
        indexes: ['products*'],
      });
      const handle = await rotate(stage, MINT);
      await answer(handle, 'approve');
      const { rotationId } = await handle.result();
      const path = join(stage.secretsDir, 'algolia/v9');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const minted = readFileSync(path, 'utf8');
      expect(stage.simulator.world.keys.get(minted)).toMatchObject({
        acl: ['addObject', 'deleteIndex', 'editSettings'],
        indexes: ['products*'],
        description: `rotateApiKey ${rotationId}`,
      });
      const histories = [...(await historiesOf(stage.worker.client, stage.worker.taskQueue)).values()].map(textOf);
      for (const form of formsOf(minted)) expect(histories.some((text) => text.includes(form))).toBe(false);
    });

    test('is found again when the answer was lost: there are never two', async () => {
      const stage = await setStage();
      await stage.simulator.control('POST /faults', { operation: 'addApiKey', kind: 'loseAnswer', times: 1 });
      const handle = await rotate(stage, MINT);
      await answer(handle, 'approve');
      expect(await handle.result()).toMatchObject({ outcome: 'revoked' });
      expect(counts(stage)).toMatchObject({ addApiKey: 1, deleteApiKey: 1 });
      // The admin key, the new one in v8, and the one that was created.
      expect(stage.simulator.world.keys.values()).toHaveLength(3);
    });

    test('is deleted again, and its file too, when the approval is denied', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, MINT);
      await answer(handle, 'reject');
      expect(await handle.result()).toMatchObject({ outcome: 'abandoned', approval: { decision: 'rejected' } });
      expect(stage.simulator.world.keys.values()).toHaveLength(3);
      expect(isKnown(stage, stage.keys.old)).toBe(true);
      expect(() => readFileSync(join(stage.secretsDir, 'algolia/v9'))).toThrow('ENOENT');
      expect(await ringOf(stage)).toMatchObject({ epoch: 0, current: { reference: 'configured' } });
    });

    test.for(['reject', 'approve'] as const)(
      'and the old one can not be made the current one while they are deleted (%s)',
      async (decision) => {
        const stage = await setStage();
        const deletion = hold(stage.simulator, 'deleteApiKey');
        const handle = await rotate(stage, MINT);
        await answer(handle, decision);
        await deletion.met();
        const before = await ringOf(stage);
        const error = await setClientApiKey(
          stage,
          decision === 'reject' ? MINT.toSecret : 'env:SECRET_ADMIN_IS_OLD',
        ).catch((thrown: Error) => thrown);
        expect(error).toMatchObject({
          cause: { message: expect.stringContaining('is being deleted by algolia-rotate') },
        });
        deletion.release();
        await handle.result();
        expect(await ringOf(stage)).toMatchObject({ epoch: before?.epoch, current: before?.current });
      },
    );

    test('stays when it was made the current one meanwhile, and a denied approval says so', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, MINT);
      await asked(handle);
      await setClientApiKey(stage, MINT.toSecret);
      await answer(handle, 'reject');
      expect(await handle.result()).toMatchObject({
        outcome: 'abandoned',
        reason:
          'the approval was rejected; nothing was switched; the new key could not be deleted again: the minted key is the current one, and stays',
      });
      expect(isKnown(stage, readFileSync(join(stage.secretsDir, 'algolia/v9'), 'utf8'))).toBe(true);
    });

    test('stays when another one was made current after it, and the failure names it and says what to do', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, { ...MINT, soak: '1m' });
      await answer(handle, 'approve');
      await reached(handle, 'soak');
      await setClientApiKey(stage, 'file:v8');
      const { message, ...failure } = await failureOf(handle);
      const { rotationId, fingerprints } = await handle.query(rotateApiKeyStatus);
      const leftBehind = { reference: MINT.toSecret, fingerprint: fingerprints?.to };
      expect(failure).toMatchObject({ type: 'RotationOvertaken', details: [{ outcome: 'incomplete', leftBehind }] });
      expect(message).toContain(
        `; the new key, file:algolia/v9 (${leftBehind.fingerprint}), stays: delete it at Algolia, where it is called "rotateApiKey ${rotationId}", and its file, once no run needs it`,
      );
      const minted = readFileSync(join(stage.secretsDir, 'algolia/v9'), 'utf8');
      expect(stage.simulator.world.keys.get(minted)?.description).toBe(`rotateApiKey ${rotationId}`);
      expect(message).not.toContain(minted);
    });

    test('is not called left behind where a person has made it the current one once more', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, { ...MINT, soak: '1m' });
      await answer(handle, 'approve');
      await reached(handle, 'soak');
      const ring = stage.worker.client.workflow.getHandle(keyRingId(stage.simulator.applicationId));
      const fingerprint = (await handle.query(rotateApiKeyStatus)).fingerprints?.to;
      const again = { toReference: MINT.toSecret, fingerprint, expectEpoch: 1, by: 'ana' };
      await ring.executeUpdate('promote', { args: [again] });
      const { message, ...failure } = await failureOf(handle);
      expect(failure).toMatchObject({ type: 'RotationOvertaken', details: [{ outcome: 'incomplete' }] });
      expect(failure.details?.[0]).not.toHaveProperty('leftBehind');
      expect(message).not.toContain('delete it');
    });

    test('is named where it can not be deleted again', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, MINT);
      await asked(handle);
      await stage.simulator.control('POST /faults', {
        operation: 'deleteApiKey',
        kind: 'status',
        status: 403,
        times: -1,
      });
      await answer(handle, 'reject');
      const { outcome, reason, leftBehind } = await handle.result();
      expect(outcome).toBe('abandoned');
      expect(leftBehind).toEqual({ reference: MINT.toSecret, fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) });
      expect(reason).toMatch(
        /nothing was switched; the new key, file:algolia\/v9 \([0-9a-f]{8}\), could not be deleted again: .*: delete it at Algolia/,
      );
    });

    test('is not created with an admin key that is the key to be rotated', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, { ...MINT, adminSecret: 'env:SECRET_ADMIN_IS_OLD' });
      expect(await failureOf(handle)).toMatchObject({
        type: 'InvalidInput',
        message: expect.stringContaining('must hold another key than the ones that are rotated'),
      });
      expect(counts(stage).addApiKey).toBeUndefined();
    });
  });

  describe('nothing is switched', () => {
    test('when the new key lacks a right: nobody is even asked', async () => {
      const stage = await setStage({ acl: ['search'] });
      const handle = await rotate(stage, QUICK, { skipTime: true });
      expect(await failureOf(handle)).toMatchObject({
        type: 'KeyRefused',
        message: expect.stringContaining('needs the rights addObject, deleteIndex and editSettings'),
      });
      const { steps, approval } = await handle.query(rotateApiKeyStatus);
      expect(approval).toBeUndefined();
      expect(steps.find(({ step }) => step === 'approve')?.state).toBe('to come');
      expect(await ringOf(stage)).toMatchObject({ epoch: 0 });
    });

    test('when nobody approves', async () => {
      const stage = await setStage();
      const handle = await rotate(stage);
      await asked(handle);
      await fastForward(stage.worker.client, handle.workflowId, '25h');
      expect(await handle.result()).toMatchObject({ outcome: 'abandoned', approval: { decision: 'expired' } });
      expect(await ringOf(stage)).toMatchObject({ epoch: 0, overlap: false });
      expect((await ringOf(stage))?.pending).toBeUndefined();
    });

    test('when it is cancelled before the promotion', async () => {
      const stage = await setStage();
      const handle = await rotate(stage);
      await asked(handle);
      await handle.cancel();
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect((await handle.describe()).memo).toMatchObject({ outcome: 'abandoned', reason: 'cancelled' });
      expect((await ringOf(stage))?.rotation).toBeUndefined();
    });

    test('when another key is put in the place of the approved one: people are asked again', async () => {
      const stage = await setStage();
      const handle = await rotate(stage);
      const first = await asked(handle);
      await stage.simulator.control('POST /keys', { key: 'yet-another-key' });
      writeFileSync(join(stage.secretsDir, 'v8'), 'yet-another-key');
      await handle.signal('approve', { approver: 'bob', planHash: first.planHash });
      const second = await vi.waitFor(
        async () => {
          const question = await asked(handle);
          expect(question.planHash).not.toBe(first.planHash);
          return question;
        },
        { timeout: 150_000 },
      );
      expect(second.refused).toMatchObject([{ actor: 'bob', why: 'approved, but the plan has changed since' }]);
      await handle.cancel();
      await handle.result().catch(() => undefined);
    });

    test('when somebody switches to another key meanwhile: people are asked again, about the one that is replaced then', async () => {
      const stage = await setStage();
      const handle = await rotate(stage);
      const first = await asked(handle);
      await stage.simulator.control('POST /keys', { key: 'key-in-between' });
      writeFileSync(join(stage.secretsDir, 'between'), 'key-in-between');
      await setClientApiKey(stage, 'file:between');
      await handle.signal('approve', { approver: 'bob', planHash: first.planHash });
      const isAskedAgain = async () => (await asked(handle)).planHash !== first.planHash;
      await expect.poll(isAskedAgain, { timeout: 150_000 }).toBe(true);
      const { plan } = (await asked(handle)) as { plan: { from: { reference: string; fingerprint: string } } };
      const { currentDetails } = await handle.query<{ currentDetails: string }, []>('__temporal_workflow_metadata');
      expect(currentDetails).toContain(`from \`file:between\` (${plan.from.fingerprint})`);
      await answer(handle, 'approve');
      expect(await handle.result()).toMatchObject({
        outcome: 'revoked',
        from: 'file:between',
        fingerprints: { from: plan.from.fingerprint },
      });
    });

    test('while another rotation is under way, whatever its id; nor does a terminated one stand in the way for ever', async () => {
      const stage = await setStage();
      const first = await rotate(stage);
      await asked(first);
      const { client, taskQueue } = stage.worker;
      const options = { taskQueue, args: [QUICK] as [typeof QUICK] };
      const second = await client.workflow.start(rotateApiKey, { ...options, workflowId: randomUUID() });
      expect(await failureOf(second)).toMatchObject({
        type: 'RotationUnderWay',
        message: expect.stringContaining(first.workflowId),
      });
      await first.terminate();
      const third = await client.workflow.start(rotateApiKey, { ...options, workflowId: randomUUID() });
      await answer(third, 'approve');
      expect(await third.result()).toMatchObject({ outcome: 'revoked' });
    });

    test.for([
      [{ toSecret: 'file:v8', overlap: '16m' }, 'input.overlap: at least "975s"'],
      [{ toSecret: 'the-key-itself' }, 'input.toSecret: expected a reference such as "file:algolia/v8", never a key'],
      [{ toSecret: 'env:SECRET_V8', mint: 'algolia' }, 'input.toSecret: a key that is to be created needs a file:'],
      [{ toSecret: 'file:v8', overlaps: '1h' }, 'input.overlaps: unknown field'],
      [{ toSecret: 'file:nowhere' }, 'secret file:nowhere: there is no such file below SECRETS_DIR'],
      [{ toSecret: 'file:v8', adminSecret: 'env:SECRET_NONE' }, 'secret env:SECRET_NONE: the variable is not set'],
      [{ toSecret: 'env:SECRET_ADMIN_IS_OLD' }, 'holds the key that is current already'],
      [{ toSecret: 'file:v8', approval: { policy: 'nobody-knows' } }, 'nobody-knows'],
    ] as const)('for %o', async ([input, why]) => {
      const stage = await (forBadInput ??= setStage());
      const handle = await stage.worker.client.workflow.start(rotateApiKey, {
        workflowId: randomUUID(),
        taskQueue: stage.worker.taskQueue,
        args: [input as RotateApiKeyInput],
      });
      expect((await failureOf(handle)).message).toContain(why);
    });
  });

  describe('there is a way back', () => {
    test('from a key that is refused in the soak, and no sync notices', async () => {
      const stage = await setStage();
      const { client, taskQueue } = stage.worker;
      const handle = await rotate(stage, { ...QUICK, soak: '1m' });
      await answer(handle, 'approve');
      await reached(handle, 'soak');
      const { taskID } = await makeConnector(stage.simulator, { url: records.url });
      await stage.simulator.control(`DELETE /keys/${stage.keys.v8}`);
      const sync = client.workflow.execute(syncTask, { workflowId: randomUUID(), taskQueue, args: [{ taskID }] });
      expect(await failureOf(handle)).toMatchObject({
        type: 'RotationRolledBack',
        message: expect.stringContaining('configured is current again'),
        details: [{ outcome: 'rolledBack', epoch: 2, from: 'configured' }],
      });
      expect(await sync).toMatchObject({ verdict: 'success' });
      expect(await ringOf(stage)).toMatchObject({ epoch: 2, current: { reference: 'configured' }, overlap: false });
      expect(isKnown(stage, stage.keys.old)).toBe(true);
      expect(counts(stage).deleteApiKey).toBeUndefined();
    });

    test('from a key that passes the probe but is refused to a worker, which goes on with the old one', async () => {
      const stage = await setStage({ indexes: ['others*'] });
      const { client, taskQueue } = stage.worker;
      const handle = await rotate(stage, { ...QUICK, soak: '1m' });
      await answer(handle, 'approve');
      await reached(handle, 'soak');
      await vi.waitFor(async () => expect((await ringOf(stage))?.confirmed).toHaveLength(1), 20_000);
      const { indexName } = await makeConnector(stage.simulator, { source: { type: 'push', input: undefined } });
      const pushed = await client.activity.execute('push', {
        id: randomUUID(),
        taskQueue,
        args: [{ indexName, pushTaskPayload: { action: 'addObject', records: [{ objectID: 'a' }] } }],
        startToCloseTimeout: '30s',
      });
      expect(pushed).toHaveProperty('runID');
      expect(await failureOf(handle)).toMatchObject({
        type: 'RotationRolledBack',
        message: expect.stringContaining('it was refused what the previous key was granted'),
      });
    });

    test('from a canary that somebody cancels', async () => {
      const stage = await setStage();
      const { taskID } = await makeConnector(stage.simulator, { url: records.url });
      await stage.simulator.control('POST /runs/script', { taskID, neverFinish: true });
      const handle = await rotate(stage, { ...QUICK, canaryTaskID: taskID });
      await answer(handle, 'approve');
      const { rotationId } = await handle.query(rotateApiKeyStatus);
      const canary = stage.worker.client.workflow.getHandle(`${handle.workflowId}/canary-${rotationId}`);
      await vi.waitFor(() => canary.cancel(), { timeout: 150_000 });
      expect(await failureOf(handle)).toMatchObject({
        type: 'RotationRolledBack',
        message: expect.stringContaining(`the canary sync of task ${taskID} failed`),
        details: [{ outcome: 'rolledBack' }],
      });
    });

    test('from a canary that fails', async () => {
      const stage = await setStage();
      const { taskID } = await makeConnector(stage.simulator, { url: records.url });
      await stage.simulator.control('POST /runs/script', { taskID, outcome: 'failure', reasonCode: 'critical' });
      const handle = await rotate(stage, { ...QUICK, canaryTaskID: taskID });
      await answer(handle, 'approve');
      expect(await failureOf(handle)).toMatchObject({
        type: 'RotationRolledBack',
        message: expect.stringContaining(`the canary sync of task ${taskID} failed`),
      });
      expect(await ringOf(stage)).toMatchObject({ current: { reference: 'configured' } });
    });

    test('for whoever cancels it after the promotion', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, { ...QUICK, soak: '1m' });
      await answer(handle, 'approve');
      await reached(handle, 'soak');
      await handle.cancel();
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(await ringOf(stage)).toMatchObject({ epoch: 2, current: { reference: 'configured' } });
      expect((await handle.describe()).memo).toMatchObject({ outcome: 'rolledBack' });
    });

    test('but not for a rotation that somebody else has overtaken: it ends, and revokes nothing', async () => {
      const stage = await setStage();
      const handle = await rotate(stage, { ...QUICK, soak: '1m' });
      await answer(handle, 'approve');
      await reached(handle, 'soak');
      await setClientApiKey(stage, 'env:SECRET_ADMIN_IS_OLD');
      expect(await failureOf(handle)).toMatchObject({
        type: 'RotationOvertaken',
        message: expect.stringContaining('another key is current, and the old key was not revoked'),
      });
      expect(await ringOf(stage)).toMatchObject({ epoch: 2, current: { reference: 'env:SECRET_ADMIN_IS_OLD' } });
      expect(counts(stage).deleteApiKey).toBeUndefined();
    });
  });
});

test('forceConverge is on record, asks for a name and a reason, and counts only for those that are waited for', async () => {
  const stage = await setStage();
  const stranger = await startTestWorker({
    simulator: stage.simulator,
    environment: { TASK_QUEUE: stage.worker.taskQueue },
    overrides: { enableNonLocalActivities: false },
  });
  try {
    // It has no SECRETS_DIR, so it never gets the new key, and must not be given what needs one.
    const waitingFor = [stranger.worker.options.identity];
    await vi.waitFor(
      async () =>
        expect(await listPollers(stage.worker.client, stage.worker.taskQueue, ['workflows'])).toEqual(
          expect.arrayContaining(waitingFor),
        ),
      150_000,
    );
    const handle = await rotate(stage);
    await answer(handle, 'approve');
    await handle.signal(forceConverge, { by: 'ana', reason: 'too early' });
    await reached(handle, 'converge');
    await vi.waitFor(async () => {
      expect((await handle.query(rotateApiKeyStatus)).waitingFor).toEqual(waitingFor);
    }, 150_000);
    await handle.signal(forceConverge, {} as never);
    await handle.signal(forceConverge, { by: 'ana', reason: 'it is being replaced' });
    expect(await handle.result()).toMatchObject({
      outcome: 'revoked',
      workers: { acked: 1, forced: 1 },
      forced: [{ by: 'ana', reason: 'it is being replaced', workers: waitingFor }],
    });
  } finally {
    await stranger.stop();
  }
});

test('no key stands in any history or memo of all these rotations', async () => {
  for (const stage of stages) {
    const { client, taskQueue } = stage.worker;
    const texts = [...(await historiesOf(client, taskQueue)).values()].map(textOf);
    texts.push(JSON.stringify((await ringOf(stage)) ?? 'no ring'));
    for (const form of Object.values(stage.keys).flatMap(formsOf))
      expect(texts.filter((text) => text.includes(form))).toEqual([]);
  }
});
