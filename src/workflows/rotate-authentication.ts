import { ApplicationFailure, CancellationScope, defineQuery, sleep, workflowInfo } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { OutputOf } from '../operations/index.ts';
import { checkInput, once, repeatable } from './proxies.ts';
import { adoptOrCreate } from './steps/adopt-or-create.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { authenticationOf, pointAt, tasksOf, usersOf, type User } from './steps/authentication-users.ts';
import { followChanges, follows } from './steps/changes.ts';
import { drainTasks } from './steps/drain-tasks.ts';
import { durationMs } from './steps/duration.ts';
import { failureMessage } from './steps/failure-type.ts';
import { approvalLine, syncLine } from './steps/outcome-lines.ts';
import { startProgress, type Progress } from './steps/progress.ts';
import { findableBy } from './steps/search-attributes.ts';
import { seeThrough } from './steps/see-through.ts';
import { syncChild } from './steps/sync-child.ts';
import { undoLog, type UndoLog } from './steps/undo.ts';
import { reasonOf, undoneFailure } from './steps/undone-failure.ts';
import { readValidation } from './steps/validate.ts';
import type { SyncTaskResult } from './sync-task.ts';

/**
 * Replaces the credentials of sources and destinations, never in place: a new authentication beside the old → validate every source with
 * it → approval → switch one by one, the canary first → drain → overlap → delete the old one and give the new one its name.
 * Until the old one is deleted every failure, and a cancellation, points everything back and deletes the new one.
 */
export type RotateAuthenticationInput = WorkflowInput<'rotateAuthentication'>;

export interface RotateAuthenticationResult {
  readonly oldAuthenticationID: string;
  readonly newAuthenticationID: string;
  readonly approval: ApprovalOutcome;
  /** What uses the new one now. */
  readonly switched: readonly User[];
  /** The canary's syncs with the new one. */
  readonly canary: readonly SyncTaskResult[];
  /** Whether the old one is gone. */
  readonly oldDeleted: boolean;
  /** Why it is not. */
  readonly kept?: string;
}

/** The answer to the query `status`. */
export interface RotateAuthenticationStatus extends Partial<RotateAuthenticationResult> {
  readonly step: string;
  /** After a failure: what could not be put back as it was. */
  readonly leftBehind?: readonly string[];
}

export const rotateAuthenticationStatus = defineQuery<RotateAuthenticationStatus>('status');

type Input = Checked<'rotateAuthentication'>;

export async function rotateAuthentication(rawInput: RotateAuthenticationInput): Promise<RotateAuthenticationResult> {
  followChanges();
  openApprovals();
  const progress = startProgress<RotateAuthenticationStatus>({
    query: rotateAuthenticationStatus,
    description: 'How far the rotation has come',
    atTheStart: {
      oldAuthenticationID: rawInput?.authenticationID,
      step: 'checking the input',
      switched: [],
      canary: [],
    },
    describe,
  });
  const input = await checkInput('rotateAuthentication', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaTaskId: input.canaryTaskID });
  await checkPolicy(input.approval?.policy);

  const old = await repeatable.getAuthentication({ authenticationID: input.authenticationID });
  const undo = undoLog();
  const switched: User[] = [];
  try {
    const found = await canaryFirst(await usersOf(old.authenticationID), input.canaryTaskID);
    const newID = await makeReplacement(input, old, undo, progress);
    await validateAll(found, newID, progress);
    const { approval, users } = await approveSwitch(input, old, newID, found, progress);
    progress.tell({ approval });
    await switchAll(input, newID, users, switched, progress);
    await retire(input, old, users, progress);
  } catch (error) {
    throw await CancellationScope.nonCancellable(() =>
      switchBack(old.authenticationID, switched, undo, error, progress),
    );
  }
  return finish(old, progress);
}

/** What the canary uses comes first, so that a failure is found before anything else is switched. */
async function canaryFirst(users: readonly User[], canaryTaskID: string | undefined): Promise<User[]> {
  if (canaryTaskID === undefined) return [...users];
  const { sourceID, destinationID } = await repeatable.getTask({ taskID: canaryTaskID });
  const isCanarys = ({ id }: User) => id === sourceID || id === destinationID;
  const [first, rest] = [users.filter(isCanarys), users.filter((user) => !isCanarys(user))];
  if (first.length > 0) return [...first, ...rest];
  throw ApplicationFailure.nonRetryable(
    `input.canaryTaskID: neither the source nor the destination of task ${canaryTaskID} uses the authentication, so its sync would prove nothing`,
    'InvalidInput',
  );
}

type Authentication = OutputOf<'getAuthentication'>;

/** Named after this run, so that a create whose answer was lost is found again. */
async function makeReplacement(
  { newInput }: Input,
  { type, platform, name: oldName }: Authentication,
  undo: UndoLog,
  progress: Progress<RotateAuthenticationStatus>,
): Promise<string> {
  const name = `${oldName.slice(0, 150)} (rotated ${workflowInfo().firstExecutionRunId})`;
  progress.tell({ step: 'creating the new authentication' });
  const create = { type, name, input: newInput, ...(platform ? { platform } : {}) };
  const { id } = await adoptOrCreate(
    {
      kind: 'authentication',
      match: { name },
      type,
      ifExists: 'adopt',
      create: async () =>
        (await once.createAuthentication(create as Parameters<typeof once.createAuthentication>[0])).authenticationID,
    },
    undo,
  );
  progress.tell({ newAuthenticationID: id });
  return id;
}

async function validateAll(
  users: readonly User[],
  authenticationID: string,
  progress: Progress<RotateAuthenticationStatus>,
): Promise<void> {
  for (const { kind, id } of users) {
    if (kind !== 'source') continue;
    progress.tell({ step: `validating source ${id} with the new authentication` });
    readValidation(await repeatable.validateSourceBeforeUpdate({ sourceID: id, sourceUpdate: { authenticationID } }));
  }
}

async function approveSwitch(
  { approval, reason, requestedBy, canaryTaskID, overlap }: Input,
  { authenticationID, name, type, updatedAt }: Authentication,
  newID: string,
  found: readonly User[],
  progress: Progress<RotateAuthenticationStatus>,
): Promise<{ approval: ApprovalOutcome; users: readonly User[] }> {
  let users = found;
  const plan = (switches: readonly User[], changedAt: string | null | undefined) => ({
    replace: { authenticationID, name, type, updatedAt: changedAt ?? null },
    by: { authenticationID: newID },
    switches,
    canaryTaskID: canaryTaskID ?? null,
    deleteOldAfter: overlap,
  });
  const outcome = await requireApproval({
    title: `new credentials for ${name}`,
    reason,
    plan: plan(users, updatedAt),
    policy: approval?.policy,
    requestedBy,
    describeAround: progress.tell({ step: 'waiting for approval' }),
    replan: async () => {
      const now = await repeatable.getAuthentication({ authenticationID });
      const usersNow = await canaryFirst(await usersOf(authenticationID), canaryTaskID);
      if (JSON.stringify(usersNow) !== JSON.stringify(users) && follows('switch what was approved')) {
        const isKnown = ({ id }: User) => users.some((user) => user.id === id);
        await validateAll(
          usersNow.filter((user) => !isKnown(user)),
          newID,
          progress,
        );
        users = usersNow;
      }
      return plan(usersNow, now.updatedAt);
    },
  });
  return { approval: outcome, users };
}

async function switchAll(
  input: Input,
  newID: string,
  users: readonly User[],
  switched: User[],
  progress: Progress<RotateAuthenticationStatus>,
): Promise<void> {
  const canary =
    input.canaryTaskID === undefined ? undefined : await repeatable.getTask({ taskID: input.canaryTaskID });
  for (const user of users) {
    progress.tell({ step: `switching ${user.kind} ${user.id}` });
    // Noted first: a request whose answer is lost may have switched it.
    switched.push(user);
    await seeThrough(() => pointAt(user, newID), { since: 'see the update through' });
    progress.tell({ switched: [...switched] });
    if (canary && (user.id === canary.sourceID || user.id === canary.destinationID))
      await syncCanary(input, canary.taskID, progress);
  }
}

async function syncCanary(input: Input, taskID: string, progress: Progress<RotateAuthenticationStatus>): Promise<void> {
  const { canary = [] } = progress.status;
  const sync = await syncChild(
    { ...input.run, taskID },
    {
      name: `canary-${canary.length + 1}`,
      doing: 'syncing the canary',
      summary: 'canary with the new authentication',
      tell: progress.tell,
    },
  );
  progress.tell({ canary: [...canary, sync] });
}

/** Deletes the old one once nothing uses it any more; if something still does, it is kept and that is said. */
async function retire(
  { drainTimeout, overlap, run }: Input,
  { authenticationID }: Authentication,
  users: readonly User[],
  progress: Progress<RotateAuthenticationStatus>,
): Promise<void> {
  progress.tell({ step: 'waiting for the runs that began with the old authentication' });
  const deadline = Date.now() + durationMs(drainTimeout);
  const going = await drainTasks(await tasksOf(users), { deadline, noProgressMs: durationMs(run.noProgressFor) });
  const until = new Date(Date.now() + durationMs(overlap)).toISOString();
  progress.tell({ step: `keeping the old authentication until ${until}: cancel to go back to it` });
  await sleep(durationMs(overlap), { summary: 'overlap' });
  const still = (await usersOf(authenticationID)).map(({ kind, id }) => `${kind} ${id} uses it`);
  const why = [...going, ...still];
  if (why.length > 0) return void progress.tell({ oldDeleted: false, kept: why.join('; ') });
  progress.tell({ step: 'deleting the old authentication' });
  try {
    await CancellationScope.nonCancellable(() => repeatable.deleteAuthentication({ authenticationID }));
    progress.tell({ oldDeleted: true });
  } catch (error) {
    // What uses the new one works, so there is nothing to go back for.
    progress.tell({ oldDeleted: false, kept: failureMessage(error) });
  }
}

/** The new one takes the name of the old one, by which provisionConnector finds it. */
async function finish(
  { name }: Authentication,
  progress: Progress<RotateAuthenticationStatus>,
): Promise<RotateAuthenticationResult> {
  const { newAuthenticationID: authenticationID = '', oldDeleted } = progress.status;
  if (oldDeleted) {
    await CancellationScope.nonCancellable(() =>
      repeatable.updateAuthentication({ authenticationID, authenticationUpdate: { name } }),
    );
  }
  progress.tell({ step: 'done' });
  findableBy({ Outcome: oldDeleted ? 'rotated' : 'rotated, old one kept' });
  const { step: _step, leftBehind: _leftBehind, ...result } = progress.status;
  return result as RotateAuthenticationResult;
}

/** Points back what nobody else has pointed elsewhere, last switched first, deletes the new one and returns what to throw. */
async function switchBack(
  oldID: string,
  switched: readonly User[],
  undo: UndoLog,
  error: unknown,
  progress: Progress<RotateAuthenticationStatus>,
): Promise<unknown> {
  const why = reasonOf(error);
  progress.tell({ step: `going back to the old authentication, because: ${why}` });
  const leftBehind: string[] = [];
  const ours = [oldID, progress.status.newAuthenticationID];
  for (const user of switched.toReversed()) {
    try {
      if (follows('leave what others changed') && !ours.includes(await authenticationOf(user))) continue;
      await pointAt(user, oldID);
    } catch (backError) {
      leftBehind.push(`${user.kind} ${user.id} still uses the new one: ${failureMessage(backError)}`);
    }
  }
  leftBehind.push(...(await undo.undo()));
  progress.tell({
    step: `back to the old authentication, because: ${why}`,
    ...(leftBehind.length > 0 ? { leftBehind } : { switched: [] }),
  });
  findableBy({ Outcome: leftBehind.length > 0 ? 'not rolled back' : 'rolled back' });
  return undoneFailure(error, {
    type: 'RotationFailed',
    outcome:
      leftBehind.length > 0
        ? `Not rolled back: ${leftBehind.join('; ')}`
        : 'Everything uses the old authentication, and the new one is deleted',
    details: { leftBehind },
  });
}

function describe(status: RotateAuthenticationStatus): string {
  const { step, oldAuthenticationID, newAuthenticationID, approval, switched = [], canary = [], kept } = status;
  return [
    `**authentication \`${oldAuthenticationID}\`**: ${step}`,
    '',
    ...(newAuthenticationID ? [`- the new one: \`${newAuthenticationID}\``] : []),
    ...approvalLine(approval),
    ...switched.map(({ kind, id }) => `- switched: ${kind} \`${id}\``),
    ...canary.flatMap((sync) => syncLine('canary', sync)),
    ...(kept ? [`- the old one is kept: ${kept}`] : []),
    ...(status.leftBehind ?? []).map((what) => `- **left behind**: ${what}`),
  ].join('\n');
}
