import { ApplicationFailure, CancellationScope, defineQuery } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { CodeComparison } from '../activities/compare-code.ts';
import type { TransformationInspection } from '../activities/inspect-transformation.ts';
import type { TransformationDefinition } from '../activities/transformation-definition.ts';
import type { SampleTried } from '../activities/try-samples.ts';
import { checkInput, compareCode, readCode, repeatable } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { follows } from './steps/changes.ts';
import { describeDeployment } from './steps/describe-deployment.ts';
import { startProgress, type Progress } from './steps/progress.ts';
import { findableBy } from './steps/search-attributes.ts';
import { isOurs, putTransformationBack, type Deployed } from './steps/put-transformation-back.ts';
import { seeThrough } from './steps/see-through.ts';
import { syncChild } from './steps/sync-child.ts';
import { reasonOf, undoneFailure } from './steps/undone-failure.ts';
import { assertAllAsExpected } from './steps/validate.ts';
import type { SyncTaskResult } from './sync-task.ts';

/**
 * Deploys the code of a transformation: try it on samples → hold what comes out against what is expected → show the diff → approval →
 * update → sync of a canary. If that fails, or it is cancelled half-way, the transformation is put back exactly as it was.
 * Nothing of somebody else's is overwritten: whoever changes it meanwhile makes it be asked again, or is told and left alone.
 */
export type DeployTransformationInput = WorkflowInput<'deployTransformation'>;

export interface DeployTransformationResult {
  readonly transformationID: string;
  readonly outcome: 'deployed' | 'unchanged';
  /** What came of each sample. */
  readonly tries: readonly SampleTried[];
  readonly changes: Pick<CodeComparison, 'added' | 'removed' | 'hashes'>;
  /** The transformation as it was: what `updateTransformation` takes. */
  readonly before: TransformationDefinition;
  /** The destinations whose records it changes. */
  readonly usedBy: TransformationInspection['usedBy'];
  readonly approval?: ApprovalOutcome;
  /** Absent when no canary was named. */
  readonly sync?: SyncTaskResult;
}

/** The answer to the query `status`. */
export interface DeployTransformationStatus extends Partial<Omit<DeployTransformationResult, 'before'>> {
  readonly transformationID: string;
  readonly step: string;
  /** Unified; a long one is cut short. */
  readonly diff?: string;
}

export const deployTransformationStatus = defineQuery<DeployTransformationStatus>('status');

type Input = Checked<'deployTransformation'>;

export async function deployTransformation(rawInput: DeployTransformationInput): Promise<DeployTransformationResult> {
  openApprovals();
  const { tell } = startProgress<DeployTransformationStatus>({
    query: deployTransformationStatus,
    description: 'How far the deployment has come',
    atTheStart: { transformationID: rawInput?.transformationID, step: 'checking the input' },
    describe: describeDeployment,
  });
  const input = await checkInput('deployTransformation', rawInput);
  const { transformationID } = input;
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaTaskId: input.canaryTaskID });
  await checkPolicy(input.approval?.policy);

  const code = await readNewCode(input);
  const found = await repeatable.inspectTransformation({ transformationID });
  await checkCanary(input, found);
  const tries = await tryOnSamples(input, code, tell);
  const planned = await compare(input, code, found, tell);
  if (planned.hashes.before === planned.hashes.after) {
    tell({ step: 'unchanged: it is like this already', outcome: 'unchanged' });
    findableBy({ Outcome: 'unchanged' });
    return resultOf({ outcome: 'unchanged', tries, deployment: planned });
  }
  const { approval, deployment } = await approveDeployment(input, code, planned, tries, tell);

  const deployed: { hash: string; updatedAt?: string } = { hash: deployment.hashes.after };
  try {
    await update(deployment, deployed, tell);
    const sync = input.canaryTaskID === undefined ? undefined : await syncCanary(input, input.canaryTaskID, tell);
    await assertStillOurs(transformationID, deployed);
    tell({ step: 'done', outcome: 'deployed' });
    findableBy({ Outcome: 'deployed' });
    return { ...resultOf({ outcome: 'deployed', tries, deployment }), approval, ...(sync ? { sync } : {}) };
  } catch (error) {
    throw await CancellationScope.nonCancellable(() => putBack(deployment.found, deployed, error, tell));
  }
}

type Tell = Progress<DeployTransformationStatus>['tell'];

type NewCode = Required<Pick<TransformationDefinition, 'type' | 'input'>>;

async function readNewCode({ code, codeRef, steps }: Input): Promise<NewCode> {
  if (steps) return { type: 'noCode', input: { steps } };
  return { type: 'code', input: { code: codeRef === undefined ? (code ?? '') : await readCode({ codeRef }) } };
}

/** One that is disabled, or runs without the transformation, would prove nothing. */
async function checkCanary({ canaryTaskID }: Input, { transformationID, usedBy }: TransformationInspection) {
  if (canaryTaskID === undefined) return;
  const { enabled, destinationID } = await repeatable.getTask({ taskID: canaryTaskID });
  const refuse = (why: string) =>
    ApplicationFailure.nonRetryable(`input.canaryTaskID: task ${canaryTaskID} ${why}`, 'InvalidInput');
  const user = usedBy.find((destination) => destination.destinationID === destinationID);
  if (!user)
    throw refuse(`goes to destination ${destinationID}, which does not use transformation ${transformationID}`);
  if (enabled === false) throw refuse('is disabled, so it could not be synced as a test');
  findableBy({ AlgoliaIndex: user.indexName ?? undefined });
}

async function tryOnSamples(input: Input, code: NewCode, tell: Tell): Promise<readonly SampleTried[]> {
  const { transformationID, tryOn: samples, expect, authentications } = input;
  tell({ step: `trying it on ${samples.length} records` });
  const asked = { transformationID, ...code, samples, expect };
  const tries = await repeatable.trySamples(authentications ? { ...asked, authentications } : asked);
  tell({ tries });
  assertAllAsExpected(tries);
  return tries;
}

/** What is to be done to the transformation as it was found. */
interface Deployment extends CodeComparison {
  readonly found: TransformationInspection;
  readonly definition: TransformationDefinition;
}

async function compare(input: Input, code: NewCode, found: TransformationInspection, tell: Tell): Promise<Deployment> {
  const { code: _deprecated, ...before } = found.definition;
  const { name = before.name, description = before.description } = input;
  const definition = { ...before, name, ...(description === undefined ? {} : { description }), ...code };
  const comparison = await compareCode({ before: found.definition, after: definition });
  const { diff, added, removed, hashes } = comparison;
  tell({ diff, changes: { added, removed, hashes }, usedBy: found.usedBy });
  return { ...comparison, found, definition };
}

async function approveDeployment(
  input: Input,
  code: NewCode,
  planned: Deployment,
  tries: readonly SampleTried[],
  tell: Tell,
) {
  const { transformationID, name, description, reason, requestedBy } = input;
  let deployment = planned;
  const plan = () => {
    const { found, definition, hashes, added, removed } = deployment;
    return {
      transformation: {
        transformationID,
        name: found.definition.name,
        type: found.definition.type ?? 'code',
        updatedAt: found.updatedAt,
        hash: hashes.before,
      },
      becomes: {
        type: definition.type,
        hash: hashes.after,
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
      },
      lines: { added, removed },
      changesRecordsOf: found.usedBy,
      tried: tries.map(({ sample, outputs, output }) => ({ sample, outputs, ...(output ? { output } : {}) })),
      expectationsMet: input.expect.length,
      thenSync: input.canaryTaskID ?? null,
      ifThatFails: 'it is put back as it was',
    };
  };
  const approval = await requireApproval({
    title: `new code for transformation ${planned.found.definition.name}`,
    reason,
    plan: plan(),
    policy: input.approval?.policy,
    requestedBy,
    describeAround: () => tell({ step: 'waiting for approval' }),
    replan: async () => {
      const found = await repeatable.inspectTransformation({ transformationID });
      if (follows('check the canary again')) await checkCanary(input, found);
      deployment = await compare(input, code, found, tell);
      return plan();
    },
  });
  tell({ approval });
  return { approval, deployment };
}

async function update(
  { found: { transformationID }, definition }: Deployment,
  deployed: { updatedAt?: string },
  tell: Tell,
): Promise<void> {
  tell({ step: 'updating the transformation' });
  await seeThrough(async () => {
    const { updatedAt } = await repeatable.updateTransformation({ transformationID, transformationCreate: definition });
    if (updatedAt) deployed.updatedAt = updatedAt;
  });
}

async function syncCanary(input: Input, taskID: string, tell: Tell): Promise<SyncTaskResult> {
  const sync = await syncChild(
    { ...input.run, taskID },
    { name: 'canary', doing: 'syncing the canary', summary: 'canary with the new code', tell },
  );
  tell({ sync });
  return sync;
}

async function assertStillOurs(transformationID: string, deployed: Deployed): Promise<void> {
  const now = await repeatable.inspectTransformation({ transformationID });
  if (isOurs(now, deployed)) return;
  throw ApplicationFailure.nonRetryable(
    `transformation ${transformationID} is not what was deployed: somebody has changed it since`,
    'TransformationChanged',
  );
}

/** Puts the transformation back as it was, and returns what to throw. */
async function putBack(found: TransformationInspection, deployed: Deployed, error: unknown, tell: Tell) {
  const why = reasonOf(error);
  tell({ step: `putting the transformation back, because: ${why}` });
  const { outcome, restored } = await putTransformationBack(found, deployed);
  tell({ step: `${outcome}, because: ${why}` });
  findableBy({ Outcome: restored ? 'restored' : 'not restored' });
  return undoneFailure(error, {
    type: 'DeploymentFailed',
    outcome: `The transformation ${outcome}`,
    details: { restored, ...(restored ? {} : { notRestored: outcome }) },
  });
}

function resultOf({
  outcome,
  tries,
  deployment: { found, added, removed, hashes },
}: Pick<DeployTransformationResult, 'outcome' | 'tries'> & { deployment: Deployment }): DeployTransformationResult {
  const { transformationID, definition: before, usedBy } = found;
  return { transformationID, outcome, tries, changes: { added, removed, hashes }, before, usedBy };
}
