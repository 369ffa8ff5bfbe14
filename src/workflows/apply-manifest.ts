import {
  ApplicationFailure,
  defineQuery,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  sleep,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { Plan, PlanCounts, Planned, Step } from '../manifest/plan.ts';
import type { ResourceKind } from '../operations/resource-kinds.ts';
import { checkInput, hashPlan, repeatable } from './proxies.ts';
import { applyStep, validateStep, type MadeIDs } from './steps/apply-step.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { describeApply } from './steps/describe-apply.ts';
import { failureType, unwrap } from './steps/failure-type.ts';
import { findableBy } from './steps/search-attributes.ts';
import { reasonOf, undoneFailure } from './steps/undone-failure.ts';

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
  /** The workflow that holds the lock, if it is another. */
  readonly workflowId?: string;
}

export const applyManifestStatus = defineQuery<ApplyManifestStatus>('status');

/** The one workflow that may change the connectors of an application by a manifest. */
export const applyManifestId = (applicationId: string) => `algolia-apply/${applicationId}`;

const VERIFY_PAUSES_MS = [0, 2_000, 10_000, 30_000];

export async function applyManifest(rawInput: ApplyManifestInput): Promise<ApplyManifestResult> {
  const progress = startProgress();
  if (workflowInfo().workflowId.startsWith(applyManifestId(''))) openApprovals();
  const input = await checkInput('applyManifest', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId });
  const lockID = applyManifestId(input.applicationId);
  return workflowInfo().workflowId === lockID ? apply(input, progress) : applyInItsName(rawInput, lockID, progress);
}

type Input = Checked<'applyManifest'>;

interface Progress {
  readonly status: ApplyManifestStatus;
  /** Returns the Current Details as they are then. */
  readonly tell: (change: Partial<ApplyManifestStatus>, plan?: Planned) => string;
}

function startProgress(): Progress {
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
  { tell }: Progress,
): Promise<ApplyManifestResult> {
  tell({ step: `applied by the workflow ${workflowId}`, workflowId });
  try {
    return await executeChild(applyManifest, {
      args: [rawInput],
      workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: 'apply the manifest',
    });
  } catch (error) {
    // The class itself isn't exported to workflow code.
    const isBusy = error instanceof TemporalFailure && error.name === 'WorkflowExecutionAlreadyStartedError';
    if (!isBusy) throw isCancellation(error) ? error : unwrap(error);
    throw ApplicationFailure.nonRetryable(
      `a manifest is being applied already, by the workflow ${workflowId}: wait for its end, or cancel it. Nothing was sent.`,
      'ApplyBusy',
    );
  }
}

async function apply(input: Input, progress: Progress): Promise<ApplyManifestResult> {
  await checkPolicy(input.approval?.policy);
  progress.tell({ step: 'comparing the manifest with what Algolia has' });
  let planned = await makePlan(input);
  const { counts, steps } = planned.plan;
  const planHash = await hashOf(input, planned.plan);
  progress.tell({ planHash, counts, notes: planned.notes, total: steps.length }, planned);
  if (steps.length === 0)
    return conclude({ outcome: 'unchanged', planHash, counts, made: [], notes: planned.notes }, progress);

  const validated = new Set<string>();
  await validate(planned.plan, validated, progress);
  const approval = await requireApproval({
    title: `${steps.length} change${steps.length === 1 ? '' : 's'} of the connectors of ${input.applicationId}`,
    reason: input.reason,
    plan: planned.plan,
    policy: input.approval?.policy,
    requestedBy: input.requestedBy,
    describeAround: progress.tell({ step: 'waiting for approval' }),
    replan: async () => {
      const now = await makePlan(input);
      await hashOf(input, now.plan);
      const { plan } = planned;
      planned = now;
      progress.tell({ counts: now.plan.counts, notes: now.notes, total: now.plan.steps.length }, now);
      await validate(now.plan, validated, progress);
      // Somebody else has made it so: nobody need be asked for nothing.
      return now.plan.steps.length === 0 ? plan : now.plan;
    },
  });
  const made: AppliedStep[] = [];
  progress.tell({ approval, planHash: await hashPlan(planned.plan) });
  try {
    await applySteps(planned.plan.steps, made, validated, progress);
    await verify(input, progress);
  } catch (error) {
    throw stopped(planned.plan.steps, made, error, progress);
  }
  const { notes, plan } = planned;
  const result = { outcome: 'applied' as const, planHash, counts: plan.counts, made, approval, notes };
  return conclude({ ...result, planHash: progress.status.planHash ?? planHash }, progress);
}

/** What is wrong with the manifest is the failure of the workflow, not of an activity of its. */
async function makePlan({ manifest, prune }: Input): Promise<Planned> {
  try {
    return await repeatable.planManifest({ manifest, prune, root: 'input.manifest' });
  } catch (error) {
    throw failureType(error) === 'InvalidInput' ? unwrap(error) : error;
  }
}

/** The hash of the plan, if it is the one that was looked at. */
async function hashOf({ planHash: expected }: Input, plan: Plan): Promise<string> {
  const planHash = await hashPlan(plan);
  if (expected === undefined || expected === planHash || plan.steps.length === 0) return planHash;
  throw ApplicationFailure.nonRetryable(
    `the plan is not the one that was looked at (${expected}), but ${planHash}: somebody has changed something since. Look at it again with \`algolia-ingestion plan\`. Nothing was changed.`,
    'PlanChanged',
  );
}

/** Before anybody is asked, as far as that can be known by then. */
async function validate({ steps }: Plan, validated: Set<string>, progress: Progress): Promise<void> {
  for (const step of steps) {
    if (validated.has(keyOf(step))) continue;
    if (step.kind === 'source') progress.tell({ step: `validating source ${step.name}` });
    if (await validateStep(step, {})) validated.add(keyOf(step));
  }
}

const keyOf = (step: Step): string =>
  step.change === 'delete' ? step.id : `${step.place} ${JSON.stringify(step.body)}`;

async function applySteps(
  steps: readonly Step[],
  made: AppliedStep[],
  validated: ReadonlySet<string>,
  progress: Progress,
): Promise<void> {
  const ids: Record<string, string> = {};
  for (const step of steps) {
    progress.tell({ step: `${step.change} ${step.kind} ${step.name}`, made, done: made.length });
    if (!validated.has(keyOf(step))) await validateStep(step, ids satisfies MadeIDs);
    const id = await applyStep(step, ids);
    if (step.change === 'create') ids[step.place] = id;
    made.push({ change: step.change, kind: step.kind, name: step.name, id });
  }
  progress.tell({ made, done: made.length });
}

/** Everything is read again: a change that Algolia has taken but not kept is no change. */
async function verify(input: Input, progress: Progress): Promise<void> {
  progress.tell({ step: 'reading everything again' });
  let left: readonly Step[] = [];
  for (const pauseMs of VERIFY_PAUSES_MS) {
    if (pauseMs > 0) await sleep(pauseMs, { summary: 'before reading again what may take a moment to show' });
    left = (await makePlan(input)).plan.steps;
    if (left.length === 0) return;
  }
  throw ApplicationFailure.nonRetryable(
    `all changes were made, but ${left.length} of them do not show: ${left.map(nameOf).join('; ')}`.slice(0, 2_000),
    'NotAsDeclared',
    left.map(nameOf),
  );
}

const nameOf = ({ change, kind, name }: Step): string => `${change} ${kind} ${name}`;

/** Tells what was done and what was not, and returns what to throw. */
function stopped(steps: readonly Step[], made: readonly AppliedStep[], error: unknown, progress: Progress): unknown {
  const notMade = steps.slice(made.length).map(nameOf);
  const why = reasonOf(error);
  progress.tell({ step: `stopped, because: ${why}`, made, done: made.length, notMade });
  findableBy({ Outcome: 'stopped' });
  const at = notMade[0] === undefined ? '' : ` It stopped at: ${notMade[0]}.`;
  return undoneFailure(error, {
    type: 'ApplyFailed',
    outcome: `${made.length} of ${steps.length} changes were made.${at} Apply it again to go on`,
    details: { made, notMade },
  });
}

function conclude(result: ApplyManifestResult, { tell }: Progress): ApplyManifestResult {
  tell({
    step: result.outcome === 'applied' ? 'done: everything is as declared' : 'nothing to do: everything is as declared',
  });
  findableBy({ Outcome: result.outcome });
  return result;
}
