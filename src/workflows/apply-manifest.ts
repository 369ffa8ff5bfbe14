import {
  ApplicationFailure,
  defineQuery,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { PlanCounts, Planned, Step } from '../manifest/plan.ts';
import type { ResourceKind } from '../operations/resource-kinds.ts';
import { checkInput, hashPlan, repeatable } from './proxies.ts';
import { applySteps, nameOfStep, stopped, validatePlan } from './steps/apply-plan.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { followChanges } from './steps/changes.ts';
import { describeApply } from './steps/describe-apply.ts';
import { failureType, isAlreadyStarted, unwrap } from './steps/failure-type.ts';
import { findableBy } from './steps/search-attributes.ts';
import { runChild } from './steps/run-child.ts';

/**
 * Makes Algolia's connectors those of a manifest: plan → validate → approval of just this plan → one step after another → verify.
 * What fails half-way stays as far as it came and is told; applied again it goes on from there, and once all is as declared it does nothing.
 * One at a time for each application: whatever id it is started with, the workflow whose id is the lock does it.
 */
export type ApplyManifestInput = WorkflowInput<'applyManifest'>;

/** One change that was made. */
export interface AppliedStep {
  readonly change: Step['change'];
  readonly kind: ResourceKind;
  readonly name: string;
  readonly id: string;
}

export interface ApplyManifestResult {
  readonly outcome: 'applied' | 'unchanged';
  readonly planHash: string;
  readonly counts: PlanCounts;
  readonly made: readonly AppliedStep[];
  /** Absent when there was nothing to do. */
  readonly approval?: ApprovalOutcome;
  /** What is not as it may seem from the manifest. */
  readonly notes: readonly string[];
}

/** The answer to the query `status`. */
export interface ApplyManifestStatus extends Partial<Omit<ApplyManifestResult, 'outcome'>> {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  /** After a failure: what was not done, in words. */
  readonly notMade?: readonly string[];
  /** After a failure: what was made of the step that failed, and could not be deleted again. */
  readonly leftBehind?: readonly string[];
  /** The workflow that holds the lock, if it is another. */
  readonly workflowId?: string;
}

export const applyManifestStatus = defineQuery<ApplyManifestStatus>('status');

/** The one workflow that may change the connectors of an application by a manifest. */
export const applyManifestId = (applicationId: string) => `algolia-apply/${applicationId}`;

const VERIFY_PAUSES_MS = [0, 2_000, 10_000, 30_000];

export async function applyManifest(rawInput: ApplyManifestInput): Promise<ApplyManifestResult> {
  followChanges();
  const progress = startProgress();
  if (workflowInfo().workflowId.startsWith(applyManifestId(''))) openApprovals();
  const input = await checkInput('applyManifest', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId });
  const lockID = applyManifestId(input.applicationId);
  return workflowInfo().workflowId === lockID ? apply(input, progress) : applyInItsName(rawInput, lockID, progress);
}

type Input = Checked<'applyManifest'>;

/** The state of one apply, and the way to tell of a change. */
export interface ApplyProgress {
  readonly status: ApplyManifestStatus;
  /** Returns the Current Details as they are then. */
  readonly tell: (change: Partial<ApplyManifestStatus>, plan?: Planned) => string;
}

function startProgress(): ApplyProgress {
  let shown: Planned | undefined;
  const progress = {
    status: { step: 'checking the manifest', done: 0, total: 0 } as ApplyManifestStatus,
    tell(change: Partial<ApplyManifestStatus>, planned?: Planned) {
      shown = planned ?? shown;
      progress.status = { ...progress.status, ...change };
      const details = describeApply(progress.status, shown);
      setCurrentDetails(details);
      return details;
    },
  };
  setHandler(applyManifestStatus, () => progress.status, { description: 'How many changes have been made so far' });
  return progress;
}

/** Has the workflow whose id is the lock do it, and answers in its name. */
async function applyInItsName(
  rawInput: ApplyManifestInput,
  workflowId: string,
  { tell }: ApplyProgress,
): Promise<ApplyManifestResult> {
  tell({ step: `applied by the workflow ${workflowId}`, workflowId });
  try {
    return await runChild(applyManifest, {
      args: [rawInput],
      workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: 'apply the manifest',
    });
  } catch (error) {
    if (!isAlreadyStarted(error)) throw isCancellation(error) ? error : unwrap(error);
    throw ApplicationFailure.nonRetryable(
      `a manifest is being applied already, by the workflow ${workflowId}: wait for its end, or cancel it. Nothing was sent.`,
      'ApplyBusy',
    );
  }
}

async function apply(input: Input, progress: ApplyProgress): Promise<ApplyManifestResult> {
  await checkPolicy(input.approval?.policy);
  progress.tell({ step: 'comparing the manifest with what Algolia has' });
  const first = await lookAgain(input, progress);
  if (first.plan.steps.length === 0) return conclude(progress, { outcome: 'unchanged', ...first, made: [] });

  const validated = new Set<string>();
  await validatePlan(first.plan, validated, progress);
  const { approval, approved } = await approvePlan(input, first, validated, progress);
  const made: AppliedStep[] = [];
  progress.tell({ approval });
  try {
    await applySteps(approved.plan.steps, made, validated, progress);
    await verify(input, progress);
  } catch (error) {
    throw stopped(approved.plan.steps, made, error, progress);
  }
  return conclude(progress, { outcome: 'applied', ...approved, made, approval });
}

/** A plan with its hash. */
interface Hashed extends Planned {
  readonly planHash: string;
}

/** What there is to do now; refused if that isn't what was looked at before. */
async function lookAgain(input: Input, { tell }: ApplyProgress): Promise<Hashed> {
  const planned = await makePlan(input);
  const { counts, steps } = planned.plan;
  const planHash = await hashPlan(planned.plan);
  tell({ planHash, counts, notes: planned.notes, total: steps.length }, planned);
  const expected = input.planHash ?? planHash;
  if (expected === planHash || steps.length === 0) return { ...planned, planHash };
  throw ApplicationFailure.nonRetryable(
    `the plan is not the one that was looked at (${expected}), but ${planHash}: somebody has changed something since. Look at it again with \`algolia-ingestion plan\`. Nothing was changed.`,
    'PlanChanged',
  );
}

async function approvePlan(
  input: Input,
  first: Hashed,
  validated: Set<string>,
  progress: ApplyProgress,
): Promise<{ approval: ApprovalOutcome; approved: Hashed }> {
  let latest = first;
  const approval = await requireApproval({
    title: () => {
      const { length } = latest.plan.steps;
      return `${length} change${length === 1 ? '' : 's'} of the connectors of ${input.applicationId}`;
    },
    reason: input.reason,
    plan: first.plan,
    policy: input.approval?.policy,
    requestedBy: input.requestedBy,
    describeAround: () => progress.tell({ step: 'waiting for approval' }),
    replan: async () => {
      const { plan: before } = latest;
      latest = await lookAgain(input, progress);
      await validatePlan(latest.plan, validated, progress);
      // Somebody else has made it so: nobody need be asked for nothing.
      return latest.plan.steps.length === 0 ? before : latest.plan;
    },
  });
  return { approval, approved: latest };
}

/** What is wrong with the manifest is the failure of the workflow, not of an activity of its. */
async function makePlan({ manifest, prune }: Input): Promise<Planned> {
  try {
    return await repeatable.planManifest({ manifest, prune, root: 'input.manifest' });
  } catch (error) {
    throw failureType(error) === 'InvalidInput' ? unwrap(error) : error;
  }
}

/** Everything is read again: a change that Algolia has taken but not kept is no change. */
async function verify(input: Input, progress: ApplyProgress): Promise<void> {
  progress.tell({ step: 'reading everything again' });
  let left: readonly Step[] = [];
  for (const pauseMs of VERIFY_PAUSES_MS) {
    if (pauseMs > 0) await sleep(pauseMs, { summary: 'before reading again what may take a moment to show' });
    left = (await makePlan(input)).plan.steps;
    if (left.length === 0) return;
  }
  throw ApplicationFailure.nonRetryable(
    `all changes were made, but ${left.length} of them do not show: ${left.map(nameOfStep).join('; ')}`.slice(0, 2_000),
    'NotAsDeclared',
    left.map(nameOfStep),
  );
}

function conclude(
  { tell }: ApplyProgress,
  {
    outcome,
    plan,
    planHash,
    notes,
    made,
    approval,
  }: Hashed & Pick<ApplyManifestResult, 'outcome' | 'made' | 'approval'>,
): ApplyManifestResult {
  const how = outcome === 'applied' ? 'done' : 'nothing to do';
  tell({ step: `${how}: everything is as declared` });
  findableBy({ Outcome: outcome });
  return { outcome, planHash, counts: plan.counts, made, notes, ...(approval ? { approval } : {}) };
}
