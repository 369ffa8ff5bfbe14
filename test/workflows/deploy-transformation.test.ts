import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import {
  deployTransformation,
  deployTransformationStatus,
  type DeployTransformationInput,
} from '../../src/workflows/deploy-transformation.ts';
import { callAlgolia, serveRecords, type RecordServer } from '../setup/connector.ts';
import { answer, asked, failureOf } from '../setup/decide.ts';
import { hold } from '../setup/hold.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { fastForward } from '../setup/time-skipping.ts';
import { makeTransformed, NEW_CODE, OLD_CODE, transformationOf } from '../setup/transformation.ts';

let simulator: Simulator;
let worker: TestWorker;
let records: RecordServer;
let directory: RecordsDirectory;

beforeAll(async () => {
  [simulator, records, directory] = await Promise.all([
    startSimulator({ runSpeed: 20, quotas: false }),
    serveRecords(25),
    makeRecordsDirectory(),
  ]);
  worker = await startTestWorker({ simulator, environment: { RECORDS_DIR: directory.path, SECRET_KEY: 'shop-key' } });
});
afterAll(async () => {
  await worker.stop();
  await Promise.all([simulator.stop(), records.stop(), directory.remove()]);
});

const SAMPLE = { objectID: 'r1', title: 'Alien' };
const deploy = (input: Partial<DeployTransformationInput> & { transformationID: string }) =>
  worker.client.workflow.start(deployTransformation, {
    taskQueue: worker.taskQueue,
    workflowId: `deploy-${randomUUID()}`,
    args: [{ ...('codeRef' in input || 'steps' in input ? {} : { code: NEW_CODE }), tryOn: [SAMPLE], ...input }],
  });
type Deployed = Awaited<ReturnType<typeof deploy>>;
const make = (transformation: object = {}) => makeTransformed(simulator, { url: records.url, transformation });
const versionsIn = async (indexName: string) => {
  const { records: found } = await simulator.control<{ records: { version?: number }[] }>(`GET /indices/${indexName}`);
  return new Set(found.map(({ version }) => version));
};
/** By somebody else, in the console. */
const changeByHand = (transformationID: string, code: string) =>
  callAlgolia(simulator, `PUT /1/transformations/${transformationID}`, {
    name: 'by hand',
    type: 'code',
    input: { code },
  });
const untilStep = (handle: Deployed, step: RegExp) =>
  vi.waitFor(async () => expect((await handle.query(deployTransformationStatus)).step).toMatch(step), {
    timeout: 150_000,
    interval: 50,
  });
const untilCanaryRuns = (handle: Deployed) => untilStep(handle, /^syncing the canary/);
const putsOf = async (transformationID: string) => {
  const log = await simulator.control<{ requests: { path: string; method: string }[] }>(
    'GET /requests?operation=updateTransformation',
  );
  return log.requests.filter(({ path }) => path.endsWith(transformationID)).length;
};

describe.concurrent('new code that is approved', () => {
  test('is deployed, and proven by the canary', async () => {
    const made = await make({ description: 'of films' });
    const { transformationID, destinationID, indexName, taskID } = made;
    const handle = await deploy({
      transformationID,
      canaryTaskID: taskID,
      expect: [
        { path: 'version', equals: 2 },
        { path: 'title', matches: '^A' },
        { path: 'price', exists: false },
      ],
      requestedBy: 'ana',
    });
    const { plan } = await asked(handle);
    expect(plan).toMatchObject({
      transformation: { transformationID, type: 'code', hash: expect.stringMatching(/^sha256:/) },
      lines: { added: 1, removed: 1 },
      changesRecordsOf: [{ destinationID, indexName }],
      tried: [{ sample: 0, outputs: 1, output: JSON.stringify({ ...SAMPLE, version: 2 }) }],
      expectationsMet: 3,
      thenSync: taskID,
    });
    expect(await detailsOf(handle)).toMatch(
      /```diff\n@@ .*\n.*\n-  return \{ \.\.\.record, version: 1 \};\n\+  return \{ \.\.\.record, version: 2 \};[\s\S]*Waiting for approval/,
    );
    expect(await transformationOf(simulator, transformationID)).toMatchObject({ input: { code: OLD_CODE } });
    await answer(handle, 'approve', 'Ana');
    await answer(handle, 'approve', 'bob');
    expect(await handle.result()).toMatchObject({
      outcome: 'deployed',
      before: { input: { code: OLD_CODE }, description: 'of films' },
      changes: { added: 1, removed: 1 },
      approval: { by: [{ actor: 'bob' }], refused: [{ actor: 'Ana' }] },
      sync: { verdict: 'success', taskID },
    });
    expect(await transformationOf(simulator, transformationID)).toMatchObject({
      input: { code: NEW_CODE },
      description: 'of films',
    });
    expect(await versionsIn(indexName)).toEqual(new Set([2]));
  });

  test('may come from a file, and take a new name and description with it', async () => {
    const { transformationID } = await make();
    const { uri: codeRef } = await directory.writeText(NEW_CODE, `${randomUUID()}.js`);
    const handle = await deploy({ transformationID, codeRef, name: 'films v2', description: 'new' });
    expect((await answer(handle, 'approve')).plan).toMatchObject({ becomes: { name: 'films v2', description: 'new' } });
    expect(await handle.result()).not.toHaveProperty('sync');
    expect(await transformationOf(simulator, transformationID)).toMatchObject({
      name: 'films v2',
      description: 'new',
      input: { code: NEW_CODE },
    });
  });

  test('may be steps instead, and is compared as people read those', async () => {
    const { transformationID } = await make({ type: 'noCode', input: { steps: [{ id: 'a' }] } });
    const body = { payloads: [JSON.stringify(SAMPLE)] };
    await simulator.control('POST /faults', {
      operation: 'tryTransformationBeforeUpdate',
      kind: 'status',
      status: 200,
      body,
      match: { transformationID },
    });
    const handle = await deploy({ transformationID, steps: [{ id: 'b' }] });
    await asked(handle);
    expect((await handle.query(deployTransformationStatus)).diff).toMatch(/-\s+"id": "a"\n\+\s+"id": "b"/);
    await answer(handle, 'approve');
    expect(await handle.result()).toMatchObject({ outcome: 'deployed' });
    expect(await transformationOf(simulator, transformationID)).toMatchObject({
      type: 'noCode',
      input: { steps: [{ id: 'b' }] },
    });
  });

  test('is tried with credentials that stand nowhere', async () => {
    const { transformationID } = await make();
    const code =
      'async function transform(record, helper) { return { ...record, length: helper.secrets.key.length }; }';
    const handle = await deploy({
      transformationID,
      code,
      authentications: [{ type: 'secrets', name: 'inline', input: { key: { $secret: 'env:SECRET_KEY' } } }],
      expect: [{ path: 'length', equals: 'shop-key'.length }],
    });
    await asked(handle);
    expect(JSON.stringify((await handle.fetchHistory()).events)).not.toContain('shop-key');
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
  });

  test('may be as large as is taken, and so may the old one', async () => {
    const filler = `// ${'é'.repeat(40)}\n`.repeat(2_350);
    const large = (version: number) => `${version === 1 ? OLD_CODE : NEW_CODE}${filler}`;
    const { transformationID } = await make({ input: { code: large(1) } });
    const handle = await deploy({ transformationID, code: large(2), tryOn: [SAMPLE, SAMPLE, SAMPLE] });
    await asked(handle);
    await answer(handle, 'approve');
    expect(await handle.result()).toMatchObject({ outcome: 'deployed', changes: { added: 1 } });
  });

  test('is asked about again, with the new diff, when somebody else changed the transformation meanwhile', async () => {
    const { transformationID } = await make();
    const handle = await deploy({ transformationID });
    const first = await asked(handle);
    await changeByHand(transformationID, `${OLD_CODE}// by hand\n`);
    await answer(handle, 'approve');
    await vi.waitFor(async () => expect((await asked(handle)).planHash).not.toBe(first.planHash), 40_000);
    expect(await detailsOf(handle)).toContain('-// by hand');
    await answer(handle, 'approve', 'carol');
    expect(await handle.result()).toMatchObject({
      before: { name: 'by hand' },
      approval: {
        by: [{ actor: 'carol' }],
        refused: [{ actor: 'bob', why: 'approved, but the plan has changed since' }],
      },
    });
  });

  test('is deployed once when the answer to the update is lost', async () => {
    const { transformationID } = await make();
    await simulator.control('POST /faults', {
      operation: 'updateTransformation',
      kind: 'loseAnswer',
      match: { transformationID },
    });
    const handle = await deploy({ transformationID });
    await answer(handle, 'approve');
    expect(await handle.result()).toMatchObject({ outcome: 'deployed' });
    expect(await transformationOf(simulator, transformationID)).toMatchObject({ input: { code: NEW_CODE } });
  });
});

describe.concurrent('the transformation is put back', () => {
  test('exactly, when the canary fails', async () => {
    const made = await make({ description: 'of films' });
    const before = await transformationOf(simulator, made.transformationID);
    await simulator.control('POST /runs/script', {
      taskID: made.taskID,
      outcome: 'failure',
      reasonCode: 'critical',
      durationMs: 0,
    });
    const handle = await deploy({ ...ids(made), name: 'renamed', description: 'changed' });
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({
      type: 'SyncFailed',
      message: expect.stringMatching(/critical.*The transformation was put back as it was$/),
      details: [{ verdict: 'critical' }, { restored: true }],
    });
    const { updatedAt: _now, ...after } = await transformationOf(simulator, made.transformationID);
    const { updatedAt: _then, ...was } = before;
    expect(after).toEqual(was);
  });

  test('when it is cancelled while the canary runs', async () => {
    const made = await make();
    await simulator.control('POST /runs/script', { taskID: made.taskID, durationMs: 600_000 });
    const handle = await deploy(ids(made));
    await answer(handle, 'approve');
    await untilCanaryRuns(handle);
    expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: NEW_CODE } });
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ input: { code: OLD_CODE } });
  });

  test('when it is cancelled while the update is under way', async () => {
    const { transformationID } = await make();
    const update = hold(simulator, 'updateTransformation', { match: { transformationID } });
    const handle = await deploy({ transformationID });
    await answer(handle, 'approve');
    await update.met();
    await untilStep(handle, /^updating/);
    await handle.cancel();
    update.release();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    expect(await transformationOf(simulator, transformationID)).toMatchObject({ input: { code: OLD_CODE } });
    expect(await putsOf(transformationID)).toBe(2);
  });

  test('in the deprecated form that it had', async () => {
    const made = await make();
    const { transformationID } = made;
    const { updatedAt, name } = await transformationOf(simulator, transformationID);
    // Answered as one that was made before there was `input`.
    const body = { transformationID, name, code: OLD_CODE, updatedAt, createdAt: updatedAt };
    const fault = { operation: 'getTransformation', kind: 'status', status: 200, body, match: { transformationID } };
    await simulator.control('POST /faults', { ...fault, times: 2 });
    await simulator.control('POST /runs/script', {
      taskID: made.taskID,
      outcome: 'failure',
      reasonCode: 'critical',
      durationMs: 0,
    });
    const handle = await deploy(ids(made));
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({ details: [{}, { restored: true }] });
    const { requests } = await simulator.control<{ requests: { path: string; body: object }[] }>(
      'GET /requests?operation=updateTransformation',
    );
    const sent = requests.filter(({ path }) => path.endsWith(transformationID)).map((request) => request.body);
    expect(sent).toEqual([
      { name, type: 'code', input: { code: NEW_CODE } },
      { name, code: OLD_CODE },
    ]);
  });

  test('unless somebody else has changed it since: that is left, and told', async () => {
    const made = await make();
    await simulator.control('POST /runs/script', { taskID: made.taskID, durationMs: 600_000 });
    const handle = await deploy(ids(made));
    await answer(handle, 'approve');
    await untilCanaryRuns(handle);
    await changeByHand(made.transformationID, `${OLD_CODE}// mended by hand\n`);
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ name: 'by hand' });
    expect((await handle.query(deployTransformationStatus)).step).toMatch(/was not put back: somebody else/);
  });

  test('or it is told that it could not be', async () => {
    const made = await make();
    const { transformationID } = made;
    await simulator.control('POST /runs/script', {
      taskID: made.taskID,
      outcome: 'failure',
      reasonCode: 'critical',
      durationMs: 0,
    });
    await simulator.control('POST /faults', {
      operation: 'updateTransformation',
      kind: 'status',
      status: 403,
      message: 'not any more',
      after: 1,
      times: -1,
      match: { transformationID },
    });
    const handle = await deploy(ids(made));
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({
      type: 'SyncFailed',
      message: expect.stringMatching(/The transformation was not put back: .*not any more/),
      details: [{}, { restored: false, notRestored: expect.any(String) }],
    });
  });
});

test('a canary proves nothing of code that somebody else has put in its place', async () => {
  const made = await make();
  await simulator.control('POST /runs/script', { taskID: made.taskID, durationMs: 3_000 });
  const handle = await deploy(ids(made));
  await answer(handle, 'approve');
  await untilCanaryRuns(handle);
  await changeByHand(made.transformationID, `${OLD_CODE}// mended by hand\n`);
  expect(await failureOf(handle)).toMatchObject({ type: 'TransformationChanged', details: [{ restored: false }] });
  expect(await transformationOf(simulator, made.transformationID)).toMatchObject({ name: 'by hand' });
});

describe.concurrent('nothing is changed', () => {
  const untouched = async (transformationID: string) => {
    expect(await transformationOf(simulator, transformationID)).toMatchObject({ input: { code: OLD_CODE } });
    expect(await putsOf(transformationID)).toBe(0);
  };

  test('and nobody asked when it is like this already', async () => {
    const { transformationID } = await make();
    const handle = await deploy({ transformationID, code: OLD_CODE });
    expect(await handle.result()).toMatchObject({ outcome: 'unchanged', tries: [{ outputs: 1 }] });
    await untouched(transformationID);
  });

  test('when it is rejected', async () => {
    const { transformationID } = await make();
    const handle = await deploy({ transformationID });
    await answer(handle, 'reject');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied', details: [{ decision: 'rejected' }] });
    await untouched(transformationID);
  });

  test('when nobody answers within a day', async () => {
    const { transformationID } = await make();
    const handle = await deploy({ transformationID });
    await asked(handle);
    await fastForward(worker.client, handle.workflowId, '25h');
    expect(await failureOf(handle)).toMatchObject({ type: 'ApprovalDenied', details: [{ decision: 'expired' }] });
    await untouched(transformationID);
  });

  test('when it is cancelled before it is approved', async () => {
    const { transformationID } = await make();
    const handle = await deploy({ transformationID });
    await asked(handle);
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    await untouched(transformationID);
  });

  test.for([
    [
      'the code does not run',
      { code: 'async function transform(record) { return record.a.b; }' },
      'ValidationFailed',
      /^tryOn\[0\]: it failed: .*undefined.*Nothing was changed$/,
    ],
    [
      'what comes out is not what is expected',
      { tryOn: [SAMPLE, { title: 'B' }], expect: [{ path: 'title', equals: 'Alien' }] },
      'ExpectationFailed',
      /^tryOn\[1\]: title: expected "Alien", got "B"\. Nothing was changed$/,
    ],
    [
      'a pattern backtracks without end',
      { tryOn: [{ title: 'a'.repeat(60) }], expect: [{ path: 'title', matches: '^(a+)+$b' }] },
      'ExpectationFailed',
      /on which the pattern takes too long/,
    ],
    ['the file is outside of RECORDS_DIR', { codeRef: 'file:../code.js' }, 'InvalidInput', /stay below it/],
    ['there is no such policy', { approval: { policy: 'prod' } }, 'InvalidInput', /no approval policy 'prod'/],
  ] as const)('when %s', async ([, input, type, message]) => {
    const { transformationID } = await make();
    const handle = await deploy({ transformationID, ...(input as Partial<DeployTransformationInput>) });
    expect(await failureOf(handle)).toMatchObject({ type, message: expect.stringMatching(message) });
    await untouched(transformationID);
  });

  test.for([
    ['does not use the transformation', /which does not use transformation/],
    ['is disabled', /is disabled/],
  ] as const)('when the canary %s', async ([what, message]) => {
    const made = await make();
    const canaryTaskID = what === 'is disabled' ? made.taskID : (await make()).taskID;
    await callAlgolia(simulator, `PUT /2/tasks/${made.taskID}/disable`);
    const handle = await deploy({ transformationID: made.transformationID, canaryTaskID });
    expect(await failureOf(handle)).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(message),
    });
    await untouched(made.transformationID);
  });

  test.for([
    [
      'uses the transformation no longer',
      'PATCH /1/destinations/',
      'destinationID',
      /which does not use transformation/,
    ],
    ['is disabled', 'PATCH /2/tasks/', 'taskID', /is disabled/],
  ] as const)('when the canary %s by the time of the approval', async ([, route, id, message]) => {
    const made = await make();
    const handle = await deploy(ids(made));
    await asked(handle);
    await callAlgolia(simulator, route + made[id], id === 'taskID' ? { enabled: false } : { transformationIDs: [] });
    await answer(handle, 'approve');
    expect(await failureOf(handle)).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(message) });
    await untouched(made.transformationID);
  });

  test('when it could not be put back', async () => {
    const { transformationID } = await make();
    const body = { transformationID, name: 'x', type: 'wasm', input: { module: '…' } };
    await simulator.control('POST /faults', {
      operation: 'getTransformation',
      kind: 'status',
      status: 200,
      body,
      match: { transformationID },
    });
    expect(await failureOf(await deploy({ transformationID }))).toMatchObject({
      cause: {
        type: 'NotRestorable',
        message: expect.stringMatching(/could not be put back: it\.transformationCreate\.type/),
      },
    });
    await untouched(transformationID);
  });
});

const ids = ({ transformationID, taskID }: { transformationID: string; taskID: string }) => ({
  transformationID,
  canaryTaskID: taskID,
});

async function detailsOf(handle: Deployed): Promise<string> {
  const { currentDetails = '' } = await handle.query<{ currentDetails?: string }, []>('__temporal_workflow_metadata');
  return currentDetails;
}
