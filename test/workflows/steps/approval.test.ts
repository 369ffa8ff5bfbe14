import { Client, type WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { planHash } from '../../../src/approvals/plan-hash.ts';
import { approval, approve, decide, reject, type ApprovalOutcome } from '../../../src/workflows/steps/approval.ts';
import { sharedWorkflows } from '../../../src/workflow-bundle.ts';
import type { ApprovalStatus } from '../../../src/workflows/steps/approval-details.ts';
import { bundleWorkflows } from '../../setup/bundle-workflows.ts';
import { startReceiver, type Receiver } from '../../setup/receiver.ts';
import { startTestWorker, type TestWorker, type TestWorkerOptions } from '../../setup/start-worker.ts';
import { fastForward } from '../../setup/time-skipping.ts';
import { ask, askByChild, proceed, type AskInput, type AskRequest } from './approval-workflow.ts';

const POLICIES = `
policies:
  open: {}
  listed: {approvers: [ana@corp, bob@corp, Carol@Corp]}
  two: {approvers: [ana@corp, bob@corp, carol@corp], quorum: 2}
  verified: {approvers: [ana@corp, bob@corp], minTrust: identity}
  token: {approvers: [ana@corp, bob@corp], minTrust: token, notify: [ops]}
  patient: {approvers: [bob@corp], remindEvery: 4h, escalateAfter: 6h, escalateTo: [carol@corp], expiresAfter: 10h, notify: [ops, slack]}
  deaf: {notify: [nobody]}
  brief: {expiresAfter: 3s}
channels:
  ops: {type: webhook, url: {$secret: env:SECRET_OPS_URL}, headers: {authorization: {$secret: env:SECRET_OPS_TOKEN}}}
  slack: {type: slack, url: {$secret: env:SECRET_SLACK_URL}}
  nobody: {type: webhook, url: {$secret: env:SECRET_NOBODY_URL}}
  ana: {type: webhook, url: {$secret: env:SECRET_ANA_URL}}
  bob: {type: webhook, url: {$secret: env:SECRET_BOB_URL}}
approvers:
  ana@corp: {channel: ana}
  bob@corp: {channel: bob}
`;
const PLAN = { b: [1, { d: null, c: 'é' }], a: 'delete source 42' };

let receiver: Receiver;
let worker: TestWorker;
let directory: string;
let settings: TestWorkerOptions;

beforeAll(async () => {
  receiver = await startReceiver();
  directory = mkdtempSync(join(tmpdir(), 'policies-'));
  const policies = join(directory, 'policies.yaml');
  writeFileSync(policies, POLICIES);
  const workflowsPath = fileURLToPath(new URL('./approval-workflow.ts', import.meta.url));
  settings = {
    simulator: { url: 'http://127.0.0.1:9', applicationId: 'DEMOAPP', apiKey: 'unused-key' },
    environment: {
      APPROVAL_POLICIES: policies,
      SECRET_OPS_URL: `${receiver.url}/ops`,
      SECRET_OPS_TOKEN: 'Bearer ops-hook-token',
      SECRET_SLACK_URL: `${receiver.url}/slack`,
      SECRET_NOBODY_URL: 'http://127.0.0.1:9/nobody-is-here',
      SECRET_ANA_URL: `${receiver.url}/ana`,
      SECRET_BOB_URL: `${receiver.url}/bob`,
    },
    overrides: { workflowBundle: await bundleWorkflows(sharedWorkflows({ path: workflowsPath })) },
  };
  worker = await startTestWorker(settings);
});
afterAll(async () => {
  await worker.stop();
  await receiver.stop();
  rmSync(directory, { recursive: true });
});

/** A client that says it is somebody. */
const as = (identity: string): Client =>
  new Client({ connection: worker.client.connection, namespace: inject('temporal').namespace, identity });

type Asking = WorkflowHandle<typeof ask>;

async function start(
  request: Partial<AskRequest>,
  { by = 'starter@corp', ...input }: Partial<AskInput> & { by?: string } = {},
): Promise<Asking> {
  return as(by).workflow.start(ask, {
    taskQueue: worker.taskQueue,
    workflowId: randomUUID(),
    args: [{ requests: [{ title: 'Delete a source', plan: PLAN, policy: 'open', ...request }], ...input }],
  });
}
async function waiting(handle: Asking): Promise<ApprovalStatus> {
  return vi.waitFor(
    async () => {
      const status = await handle.query(approval);
      expect(status.state).toBe('waiting');
      return status;
    },
    { timeout: 150_000, interval: 30 },
  );
}
async function startWaiting(...args: Parameters<typeof start>): Promise<Asking> {
  const handle = await start(...args);
  await waiting(handle);
  return handle;
}
const outcome = async (handle: Asking): Promise<ApprovalOutcome> => (await handle.result())[0] as ApprovalOutcome;
/** The same workflow as somebody else sees it. */
const seenBy = (identity: string, handle: Asking): Asking => as(identity).workflow.getHandle(handle.workflowId);
/** The reasons of all refusals so far, once there are that many. */
const refusals = (handle: Asking, count: number) =>
  vi.waitFor(
    async () => {
      const { refused } = await handle.query(approval);
      expect(refused).toHaveLength(count);
      return refused;
    },
    { timeout: 150_000, interval: 30 },
  );

describe('an approval', () => {
  test('is given by a signal, and says by whom', async () => {
    const handle = await startWaiting({ requestedBy: 'ana@corp' });
    await handle.signal(approve, { approver: ' Bob@Corp ', comment: 'go', planHash: planHash(PLAN) });
    const { at, ...by } = (await outcome(handle)).by[0] ?? { at: '' };
    expect(by).toEqual({ actor: 'Bob@Corp', trust: 'declared', comment: 'go' });
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    expect((await outcome(handle)).decision).toBe('approved');
    expect((await handle.describe()).typedSearchAttributes.get({ name: 'ApprovalState', type: 'KEYWORD' })).toBe(
      'approved',
    );
  });

  test('shows what is asked, who may approve and what to paste', async () => {
    const handle = await startWaiting({
      policy: 'listed',
      reason: 'it is | old',
      requestedBy: 'ana@corp',
      describeAround: '**step 3 of 4**',
    });
    const status = await handle.query(approval);
    expect(status).toMatchObject({
      state: 'waiting',
      approvalId: `${handle.workflowId}/approval-1`,
      plan: PLAN,
      planHash: planHash(PLAN),
      requesters: ['ana@corp', 'starter@corp'],
    });
    const details = (await handle.query('__temporal_workflow_metadata')) as { currentDetails: string };
    expect(details.currentDetails).toContain('**step 3 of 4**');
    expect(details.currentDetails).toContain('it is \\| old');
    expect(details.currentDetails).toContain(JSON.stringify(status.payload, null, 2));
    expect(details.currentDetails).toContain('If nothing happens, press *Submit* again.');
    expect(status.payload).toEqual({ approver: '<your name>', comment: '', planHash: planHash(PLAN) });
    await handle.signal(approve, status.payload as never);
    expect((await refusals(handle, 1))[0]?.why).toMatch('put your own name in the place of <your name>');
    await handle.signal(reject, { approver: 'bob@corp', comment: 'not now' });
    expect(await outcome(handle)).toMatchObject({
      decision: 'rejected',
      by: [{ actor: 'bob@corp', trust: 'declared', comment: 'not now' }],
    });
  });

  test('by update answers at once, also when it is refused', async () => {
    const handle = await startWaiting({ policy: 'two' });
    const say = (decision: 'approve' | 'approved', approver: string) =>
      handle.executeUpdate(decide, { args: [{ decision, approver }] });
    expect(await say('approve', 'mallory')).toEqual({
      counted: false,
      why: "not an approver of the policy 'two'",
    });
    expect(await say('approve', 'ana@corp')).toEqual({ counted: true, state: 'waiting', approvals: 1, quorum: 2 });
    await expect(handle.executeUpdate(decide, { args: [{ decision: 'maybe' } as never] })).rejects.toThrow(
      'Workflow Update failed',
    );
    expect(await say('approved', 'carol@corp')).toEqual({ counted: true, state: 'approved', approvals: 2, quorum: 2 });
    expect(await outcome(handle)).toMatchObject({
      decision: 'approved',
      by: [{ actor: 'ana@corp' }, { actor: 'carol@corp' }],
      refused: [{ actor: 'mallory' }],
    });
  });

  test('of several people counts each once, however they write their name', async () => {
    const handle = await startWaiting({ policy: 'two' });
    for (const approver of ['bob@corp', 'BOB@corp', ' bob@corp\t', 'ｂob@corp', 'b\u200Bob@corp'])
      await handle.signal(approve, { approver });
    const refused = await refusals(handle, 4);
    expect(new Set(refused.map(({ why }) => why))).toEqual(new Set(['has approved already, and counts once']));
    await handle.signal(approve, { approver: 'ana@corp' });
    expect(await outcome(handle)).toMatchObject({ decision: 'approved', by: { length: 2 } });
  });

  test('is rejected by any one approver, and what was approved before stays on record', async () => {
    const handle = await startWaiting({ policy: 'two' });
    await handle.signal(approve, { approver: 'bob@corp' });
    await handle.signal(reject, { approver: 'ana@corp', comment: 'no' });
    expect(await outcome(handle)).toMatchObject({
      decision: 'rejected',
      by: [{ actor: 'ana@corp', comment: 'no' }],
      refused: [{ actor: 'bob@corp', why: 'approved, but it was rejected by ana@corp' }],
    });
  });
});

describe('refused, and listed', () => {
  test('are the requester under any name, the unknown, the wrong plan, and what cannot be read', async () => {
    const handle = await startWaiting({ policy: 'listed', requestedBy: 'ANA@corp ' }, { by: 'bob@corp' });
    const attempts: [unknown, string][] = [
      [{ approver: 'ana@corp' }, 'who asked for it may not approve it'],
      [{ approver: 'Bob@corp' }, 'who asked for it may not approve it'],
      [{ approver: 'b\u034Fo\uFEFFb@c\u3164orp\uFE0F' }, 'who asked for it may not approve it'],
      [{ approver: 'mallory' }, "not an approver of the policy 'listed'"],
      [{ approver: 'carol@corp', planHash: planHash({}) }, 'the planHash is not that of the plan which is asked about'],
      [{ approver: 'carol@corp', approvalId: 'another/approval-1' }, 'meant for approval another/approval-1'],
      [{ approver: 'carol@corp', token: 'abc' }, 'the token is not valid'],
      [{ approver: 'carol@corp', planhash: 'x' }, "unknown field 'planhash'"],
      [{ approver: 7 }, "'approver' must be a string"],
      [{ approver: 'x'.repeat(300) }, "'approver' is longer than 200 characters"],
      [{ approver: '\u200B' }, "'approver' is blank"],
      [{ comment: 'me' }, "'approver' is missing"],
      ['yes', 'expected one JSON object'],
      [['carol@corp'], 'expected one JSON object'],
      [null, 'expected one JSON object'],
    ];
    for (const [payload] of attempts) await handle.signal('approve', payload);
    await handle.signal('approve');
    await handle.signal('reject', { approver: 'mallory' });
    const refused = await refusals(handle, attempts.length + 2);
    // What cannot be read is refused before what has to be judged, so the order says nothing.
    const missing = attempts.filter(([, why]) => !refused.some((refusal) => refusal.why.startsWith(why)));
    expect(missing).toEqual([]);
    expect((await handle.query(approval)).by).toEqual([]);
    await handle.signal(approve, { approver: 'carol@corp', planHash: planHash(PLAN) });
    expect(await outcome(handle)).toMatchObject({ decision: 'approved', by: [{ actor: 'carol@corp' }] });
  });

  test('is seen at once in Current Details, with JSON as it is to be typed', async () => {
    const handle = await startWaiting({ policy: 'open' });
    await handle.signal('approve', { approver: '<your name>' });
    await handle.signal('approve', 'yes');
    await refusals(handle, 2);
    const { currentDetails } = (await handle.query('__temporal_workflow_metadata')) as { currentDetails: string };
    expect(currentDetails).toContain('put your own name in the place of \\<your name\\>');
    expect(currentDetails).toContain('such as `{"approver": "bob@example.com", "comment": "…", "planHash": "…"}`');
  });

  test('is what comes too early, between two approvals and after the decision: it never counts for another', async () => {
    const handle = await start(
      {},
      { hold: true, requests: [1, 2].map((n) => ({ title: `${n}`, plan: { n }, policy: 'open' })) },
    );
    await handle.signal(approve, { approver: 'early' });
    await refusals(handle, 1);
    await handle.signal(proceed);
    await waiting(handle);
    await handle.signal(reject, { approver: 'dora' });
    await vi.waitFor(async () => expect((await handle.query(approval)).state).toBe('rejected'), { timeout: 150_000 });
    await handle.signal(approve, { approver: 'between' });
    await refusals(handle, 2);
    await handle.signal(proceed);
    expect(await waiting(handle)).toMatchObject({ approvalId: `${handle.workflowId}/approval-2`, refused: [] });
    await handle.signal(approve, { approver: 'emil', planHash: planHash({ n: 1 }) });
    await refusals(handle, 1);
    await handle.signal(approve, { approver: 'emil', planHash: planHash({ n: 2 }) });
    await vi.waitFor(async () => expect((await handle.query(approval)).state).toBe('approved'), { timeout: 150_000 });
    await handle.signal(reject, { approver: 'late' });
    await handle.signal(proceed);
    const [first, second] = await handle.result();
    expect(first).toMatchObject({
      decision: 'rejected',
      refused: [
        { actor: 'early', why: 'nothing has been asked yet' },
        { actor: 'between', why: 'late: the approval was rejected already' },
      ],
    });
    expect(second).toMatchObject({
      decision: 'approved',
      refused: [{ actor: 'emil' }, { actor: 'late', why: 'late: the approval was approved already' }],
    });
  });

  test('is at most a hundred of them', async () => {
    const handle = await startWaiting({ policy: 'listed' });
    for (let n = 0; n < 120; n += 1) await handle.signal('approve', n);
    await handle.signal(approve, { approver: 'bob@corp' });
    const { decision, refused } = await outcome(handle);
    expect([decision, refused.length]).toEqual(['approved', 100]);
  });

  test('is what was approved, once the plan has changed', async () => {
    const handle = await startWaiting({}, { plans: [{ changed: true }, { changed: true }] });
    await handle.signal(approve, { approver: 'bob', planHash: planHash(PLAN) });
    await vi.waitFor(async () => expect((await handle.query(approval)).approvalId).toMatch(/approval-2$/), {
      timeout: 150_000,
    });
    const { planHash: shown, by } = await waiting(handle);
    expect([shown, by]).toEqual([planHash({ changed: true }), []]);
    await handle.signal(approve, { approver: 'bob', planHash: planHash(PLAN) });
    await handle.signal(approve, { approver: 'bob', planHash: planHash({ changed: true }) });
    const { decision, refused } = await outcome(handle);
    expect([decision, refused.map(({ why }) => why)]).toEqual([
      'approved',
      ['approved, but the plan has changed since', 'the planHash is not that of the plan which is asked about'],
    ]);
  });
});

test('a plan that never stays the same is given up after five times', async () => {
  const plans = [1, 2, 3, 4, 5].map((n) => ({ n }));
  const handle = await startWaiting({}, { plans });
  for (const plan of [PLAN, ...plans.slice(0, 4)]) {
    await vi.waitFor(async () => expect((await waiting(handle)).planHash).toBe(planHash(plan)), 10_000);
    await handle.signal(approve, { approver: 'bob', planHash: planHash(plan) });
  }
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'PlanChanged' } });
  expect(await handle.query(approval)).toMatchObject({ state: 'cancelled', by: [], refused: { length: 5 } });
});

describe('where the sender must be known', () => {
  test('it is the sender of that very signal who counts, whatever the payload says', async () => {
    const handle = await startWaiting({ policy: 'verified' }, { by: 'ana@corp' });
    await seenBy('ana@corp', handle).signal(approve, { approver: 'bob@corp' });
    await seenBy('ana@corp', handle).signal(approve, {});
    await seenBy('mallory', handle).signal(approve, { approver: 'bob@corp' });
    await seenBy('mallory', handle).signal(reject, {});
    expect((await refusals(handle, 4)).map(({ actor, why }) => `${actor}: ${why}`)).toEqual([
      'ana@corp: signed as bob@corp, but sent by ana@corp',
      'ana@corp: who asked for it may not approve it',
      'mallory: signed as bob@corp, but sent by mallory',
      "mallory: not an approver of the policy 'verified'",
    ]);
    const update = seenBy('bob@corp', handle).executeUpdate(decide, {
      args: [{ decision: 'approve', approver: 'bob@corp' }],
    });
    expect(await update).toMatchObject({ counted: false, why: expect.stringMatching('send the signal instead') });
    await seenBy('Bob@corp', handle).signal(approve, {});
    expect(await outcome(handle)).toMatchObject({
      decision: 'approved',
      by: [{ actor: 'Bob@corp', trust: 'identity' }],
    });
  });

  test('a signal without a sender is refused', async () => {
    const handle = await startWaiting({ policy: 'verified' });
    const { namespace } = inject('temporal');
    const data = Buffer.from(JSON.stringify({ approver: 'bob@corp' }));
    await worker.client.workflowService.signalWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: handle.workflowId },
      signalName: 'approve',
      input: { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data }] },
    });
    expect((await refusals(handle, 1))[0]?.why).toMatch('does not say who sent it');
    await handle.terminate();
  });

  test('who started the parent may not approve what the child asks', async () => {
    const title = randomUUID();
    const parent = await as('bob@corp').workflow.start(askByChild, {
      taskQueue: worker.taskQueue,
      workflowId: title,
      args: [{ requests: [{ title, plan: PLAN, policy: 'verified' }] }],
    });
    const child: Asking = worker.client.workflow.getHandle(`${title}/child`);
    await vi.waitFor(async () => expect((await child.query(approval)).requesters).toEqual(['bob@corp']), {
      timeout: 150_000,
    });
    await seenBy('bob@corp', child).signal(approve, {});
    expect((await refusals(child, 1))[0]?.why).toBe('who asked for it may not approve it');
    await seenBy('ana@corp', child).signal(approve, {});
    expect((await parent.result())[0]).toMatchObject({ decision: 'approved' });
  });
});

describe('where a token is asked for', () => {
  const tokenOf = (who: string, handle: Asking, nth = 1): Promise<string> =>
    vi.waitFor(
      () => {
        const mine = receiver
          .posted(`/${who}`)
          .filter(({ body }) => body.workflowId === handle.workflowId)
          .at(nth - 1);
        expect(mine).toBeDefined();
        return mine?.body.details.token as string;
      },
      { timeout: 150_000, interval: 30 },
    );

  test('only the approver who got it can use it, once, for this approval', async () => {
    const [handle, other] = await Promise.all([startWaiting({ policy: 'token' }), startWaiting({ policy: 'token' })]);
    const [anas, bobs, elsewhere] = await Promise.all([
      tokenOf('ana', handle),
      tokenOf('bob', handle),
      tokenOf('bob', other),
    ]);
    expect(new Set([anas, bobs, elsewhere]).size).toBe(3);
    const say = (payload: object) => handle.signal('approve', payload);
    await say({ approver: 'bob@corp' });
    await say({ approver: 'bob@corp', token: 'guessed' });
    await say({ approver: 'bob@corp', token: elsewhere });
    await say({ approver: 'bob@corp', token: anas });
    await say({ approver: 'ana@corp', token: anas });
    await say({ approver: 'bob@corp', token: bobs, planHash: planHash({}) });
    await say({ approver: 'bob@corp', token: bobs });
    expect((await refusals(handle, 7)).map(({ why }) => why.split(/[:;]/)[0])).toEqual([
      'the policy asks for the one-time token that was sent to the approver',
      'the token is not valid',
      'the token is not valid',
      'the token was given to another approver',
      'the token is not valid',
      'the planHash is not that of the plan which is asked about',
      'the token is not valid',
    ]);
    // A token that was wasted is replaced, through the approver's own channel.
    await say({ token: await tokenOf('bob', handle, 2) });
    expect(await outcome(handle)).toMatchObject({ decision: 'approved', by: [{ actor: 'bob@corp', trust: 'token' }] });
    await other.terminate();
  });

  test('neither a token nor the address it goes to is in history before it is used', async () => {
    const handle = await startWaiting({ policy: 'token' });
    const tokens = await Promise.all([tokenOf('ana', handle), tokenOf('bob', handle)]);
    const history = historyText(await handle.fetchHistory());
    expect(history).toContain('deliverToken');
    for (const hidden of [...tokens, receiver.url, 'ops-hook-token']) expect(history).not.toContain(hidden);
    expect(receiver.posted('/ops').at(-1)?.headers.authorization).toBe('Bearer ops-hook-token');
    expect(JSON.stringify(receiver.posted('/ops'))).not.toContain(tokens[0]);
    // Also an update will do: the token says who it is.
    const args = [{ decision: 'approve' as const, token: tokens[1] ?? '' }] satisfies [unknown];
    expect(await handle.executeUpdate(decide, { args })).toMatchObject({ counted: true, state: 'approved' });
    expect(await outcome(handle)).toMatchObject({ by: [{ actor: 'bob@corp', trust: 'token' }] });
  });

  test('the requester who is an approver too cannot use their own', async () => {
    const handle = await startWaiting({ policy: 'token', requestedBy: 'bob@corp' });
    await handle.signal(approve, { token: await tokenOf('bob', handle) });
    expect((await refusals(handle, 1))[0]).toMatchObject({
      actor: 'bob@corp',
      why: 'who asked for it may not approve it',
    });
    await handle.terminate();
  });
});

/** Everything in a history that could be read, payloads decoded. */
function historyText(history: unknown): string {
  return JSON.stringify(history, (_, value: unknown) =>
    value instanceof Uint8Array ||
    (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer')
      ? Buffer.from(value instanceof Uint8Array ? value : (value as unknown as { data: number[] }).data).toString(
          'utf8',
        )
      : value,
  );
}

describe('after a reset to before the decision', () => {
  /** Puts a workflow back to its first task; the server sends it the signals again that came after that. */
  async function reset(handle: Asking): Promise<Asking> {
    const { events } = await handle.fetchHistory();
    const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    const { runId } = await worker.client.workflowService.resetWorkflowExecution({
      namespace: inject('temporal').namespace,
      workflowExecution: { workflowId: handle.workflowId },
      reason: 'a test',
      ...(firstTask?.eventId ? { workflowTaskFinishEventId: firstTask.eventId } : {}),
      requestId: randomUUID(),
    });
    return worker.client.workflow.getHandle(handle.workflowId, runId);
  }

  test('the sender of a signal is still known, and the requester still excluded', async () => {
    const handle = await startWaiting({ policy: 'verified' }, { by: 'ana@corp' });
    await seenBy('ana@corp', handle).signal(approve, {});
    await seenBy('mallory', handle).signal(approve, { approver: 'bob@corp' });
    await refusals(handle, 2);
    const again = await reset(handle);
    // They arrive before anything is asked, so they do not even come to be judged.
    expect((await refusals(again, 2)).map(({ why }) => why)).toEqual(Array(2).fill('nothing has been asked yet'));
    await waiting(again);
    await seenBy('ana@corp', again).signal(approve, {});
    expect((await refusals(again, 3))[2]).toMatchObject({ actor: 'ana@corp' });
    await seenBy('bob@corp', again).signal(approve, {});
    expect(await outcome(again)).toMatchObject({
      decision: 'approved',
      by: [{ actor: 'bob@corp', trust: 'identity' }],
    });
  });
});

describe('silence', () => {
  test('is denial, and approvals that were not enough stay on record', async () => {
    const handle = await startWaiting({ policy: 'two' });
    await handle.signal(approve, { approver: 'bob@corp' });
    await vi.waitFor(async () => expect((await handle.query(approval)).by).toHaveLength(1), { timeout: 150_000 });
    await fastForward(worker.client, handle.workflowId, '23h');
    expect((await handle.query(approval)).state).toBe('waiting');
    await fastForward(worker.client, handle.workflowId, '2h');
    expect(await outcome(handle)).toEqual({
      decision: 'expired',
      by: [],
      refused: [{ actor: 'bob@corp', why: 'approved, but it expired before there were 2', at: expect.any(String) }],
    });
  });

  test('after expiry an approval is late, and listed', async () => {
    const handle = await start({}, { hold: true });
    await handle.signal(proceed);
    await waiting(handle);
    await fastForward(worker.client, handle.workflowId, '25h');
    await vi.waitFor(async () => expect((await handle.query(approval)).state).toBe('expired'), { timeout: 150_000 });
    await handle.signal(approve, { approver: 'bob' });
    await refusals(handle, 1);
    await handle.signal(proceed);
    expect(await outcome(handle)).toMatchObject({
      decision: 'expired',
      refused: [{ actor: 'bob', why: 'late: the approval was expired already' }],
    });
  });

  test('brings reminders and an escalation at their times, once, and the escalation adds approvers', async () => {
    const handle = await startWaiting({ policy: 'patient', requestedBy: 'ana' });
    const startedAt = Date.parse((await handle.query(approval)).deadline ?? '') - 10 * 3_600_000;
    const heard = (path: string) =>
      receiver
        .posted(path)
        .filter(({ body }) => JSON.stringify(body).includes(handle.workflowId))
        .map(({ body }) => body);
    await handle.signal(approve, { approver: 'carol@corp' });
    await refusals(handle, 1);
    await fastForward(worker.client, handle.workflowId, '9h');
    await vi.waitFor(() => expect(heard('/ops')).toHaveLength(4), { timeout: 150_000 });
    expect(heard('/ops').map(({ kind, at }) => [kind, Math.floor((Date.parse(at) - startedAt) / 60_000)])).toEqual([
      ['approval.requested', 0],
      ['approval.reminder', 240],
      ['approval.escalated', 360],
      ['approval.reminder', 480],
    ]);
    expect(heard('/slack')[0].text).toMatch(/^\*Approval wanted: Delete a source\*\n/);
    expect(new Set(heard('/ops').map(({ id }) => id)).size).toBe(4);
    expect((await handle.query(approval)).approvers).toEqual(['bob@corp', 'carol@corp']);
    await handle.signal(approve, { approver: 'carol@corp' });
    expect(await outcome(handle)).toMatchObject({ decision: 'approved', by: [{ actor: 'carol@corp' }] });
    expect(heard('/ops')).toHaveLength(4);
  });

  test('of the notifier neither fails nor delays anything', async () => {
    const handle = await startWaiting({ policy: 'deaf' });
    await handle.signal(approve, { approver: 'bob' });
    expect(await outcome(handle)).toMatchObject({ decision: 'approved' });
    const expiring = await startWaiting({ policy: 'deaf' });
    await fastForward(worker.client, expiring.workflowId, '20h');
    await vi.waitFor(async () => expect((await expiring.query(approval)).undelivered).toHaveLength(1), {
      timeout: 150_000,
    });
    const [undelivered] = (await expiring.query(approval)).undelivered ?? [];
    expect(undelivered).toBe("requested to nobody: channel 'nobody' cannot be reached: ECONNREFUSED");
    await expiring.terminate();
  });
});

test('a cancellation denies it and passes on', async () => {
  const handle = await startWaiting({ policy: 'two' });
  await handle.signal(approve, { approver: 'bob@corp' });
  await vi.waitFor(async () => expect((await handle.query(approval)).by).toHaveLength(1), { timeout: 150_000 });
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(await handle.query(approval)).toMatchObject({
    state: 'cancelled',
    by: [],
    refused: [{ actor: 'bob@corp', why: 'approved, but it was cancelled' }],
  });
});

test('every history of these approvals replays', async () => {
  const { workflowBundle } = settings.overrides ?? {};
  const histories = worker.client.workflow
    .list({ query: `TaskQueue = '${worker.taskQueue}' AND ExecutionStatus = 'Completed'` })
    .intoHistories();
  const errors: unknown[] = [];
  let replayed = 0;
  for await (const { error } of Worker.runReplayHistories(workflowBundle ? { workflowBundle } : {}, histories)) {
    if (error) errors.push(error);
    replayed += 1;
  }
  expect(errors).toEqual([]);
  expect(replayed).toBeGreaterThan(5);
});

test('a policy that is not there fails the workflow, and names those that are', async () => {
  const handle = await start({ policy: 'prod' });
  await expect(handle.result()).rejects.toMatchObject({
    cause: { type: 'InvalidInput', message: expect.stringMatching(/no approval policy 'prod'.*open, listed/) },
  });
});

describe('while no worker runs', () => {
  /** A short wait, with a worker that leaves as soon as it has begun. */
  async function unattended(): Promise<{
    handle: Asking;
    overdue: () => Promise<void>;
    comeBack: () => Promise<TestWorker>;
  }> {
    const comeBack = () =>
      startTestWorker({ ...settings, environment: { ...settings.environment, TASK_QUEUE: queue } });
    const queue = `unattended-${randomUUID()}`;
    const first = await comeBack();
    const handle = await first.client.workflow.start(ask, {
      taskQueue: queue,
      workflowId: randomUUID(),
      args: [{ requests: [{ title: 'Unattended', plan: PLAN, policy: 'brief' }] }],
    });
    const { deadline = '' } = await waiting(handle);
    await first.stop();
    const overdue = () => vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Date.parse(deadline) + 50), 5_000);
    return { handle: worker.client.workflow.getHandle(handle.workflowId), overdue, comeBack };
  }

  test('what is said in time counts, even if it is read after the deadline', async () => {
    const { handle, overdue, comeBack } = await unattended();
    await handle.signal(approve, { approver: 'bob' });
    await overdue();
    const back = await comeBack();
    expect(await outcome(handle)).toMatchObject({ decision: 'approved', by: [{ actor: 'bob' }], refused: [] });
    await back.stop();
  });

  test('what is said after the deadline is late, even if it is read first', async () => {
    const { handle, overdue, comeBack } = await unattended();
    await overdue();
    await handle.signal(approve, { approver: 'bob' });
    const back = await comeBack();
    expect(await outcome(handle)).toMatchObject({
      decision: 'expired',
      refused: [{ actor: 'bob', why: 'late: the approval has expired' }],
    });
    await back.stop();
  });
});
