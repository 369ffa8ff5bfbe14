import { CancellationScope, CancelledFailure, isCancellation, upsertMemo } from '@temporalio/workflow';
import type { Plan, Step } from '../../manifest/plan.ts';
import type { AppliedStep, ApplyProgress } from '../apply-manifest.ts';
import { applyStep, endsSteps, validateStep } from './apply-step.ts';
import { findableBy } from './search-attributes.ts';
import { reasonOf, undoneFailure } from './undone-failure.ts';

/** Before anybody is asked, as far as that can be known by then. */
export async function validatePlan({ steps }: Plan, validated: Set<string>, progress: ApplyProgress): Promise<void> {
  for (const step of steps) {
    if (validated.has(keyOf(step))) continue;
    if (step.kind === 'source') progress.tell({ step: `validating source ${step.name}` });
    if (await validateStep(step, {})) validated.add(keyOf(step));
  }
}

const keyOf = (step: Step): string =>
  step.change === 'delete' ? step.id : `${step.place} ${JSON.stringify(step.body)}`;

/** One after another: each may need those before. What is made is in `made`, also if it stops half-way. */
export async function applySteps(
  steps: readonly Step[],
  made: AppliedStep[],
  validated: ReadonlySet<string>,
  progress: ApplyProgress,
): Promise<void> {
  const ids: Record<string, string> = {};
  for (const step of steps) {
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
    progress.tell({ step: `${step.change} ${step.kind} ${step.name}`, made, done: made.length });
    if (!validated.has(keyOf(step))) await validateStep(step, ids);
    const id = await applyStep(step, ids, (leftBehind) => progress.tell({ leftBehind }));
    if (step.change === 'create') ids[step.place] = id;
    made.push({ change: step.change, kind: step.kind, name: step.name, id });
  }
  progress.tell({ made, done: made.length });
}

/** A step in words. */
export const nameOfStep = ({ change, kind, name }: Step): string => `${change} ${kind} ${name}`;

/** Tells what was done and what was not, and returns what to throw. */
export function stopped(
  steps: readonly Step[],
  made: readonly AppliedStep[],
  error: unknown,
  progress: ApplyProgress,
): unknown {
  const notMade = steps.slice(made.length).map(nameOfStep);
  const why = reasonOf(error);
  const { leftBehind } = progress.status;
  const told = { made, notMade, ...(leftBehind ? { leftBehind } : {}) };
  progress.tell({ step: `stopped, because: ${why}`, made, done: made.length, notMade });
  findableBy({ Outcome: 'stopped' });
  // Where a workflow fails this is in the failure's details, which a cancelled one has not.
  if (isCancellation(error) && endsSteps()) upsertMemo(told);
  const at = notMade[0] === undefined ? '' : ` It stopped at: ${notMade[0]}.`;
  const left = leftBehind ? ` Not undone: ${leftBehind.join('; ')}.` : '';
  return undoneFailure(error, {
    type: 'ApplyFailed',
    outcome: `${made.length} of ${steps.length} changes were made.${at}${left} Apply it again to go on`,
    details: told,
  });
}
