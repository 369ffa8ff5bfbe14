import { setCurrentDetails } from '@temporalio/workflow';
import type { WorkflowInput } from '../activities/check-input.ts';
import { checkInput, once, repeatable } from './proxies.ts';
import { attemptOnce } from './steps/attempt-once.ts';
import { findableBy } from './steps/search-attributes.ts';

/**
 * Calls any single operation: from the Web UI's *Start Workflow*, or on a schedule.
 * Reads go through at once and are retried; whatever writes asks for `confirm`, its own name again.
 * Returns what Algolia answers.
 */
export type CallOperationInput = WorkflowInput<'callOperation'>;

type Activity = (params: unknown) => Promise<unknown>;

export async function callOperation(rawInput: CallOperationInput): Promise<unknown> {
  const input = await checkInput('callOperation', rawInput);
  const { operation, params, effect, applicationId } = input;
  findableBy({ AlgoliaAppId: applicationId });
  setCurrentDetails(`\`${operation}\`${input.reason ? `: ${input.reason}` : ''}`);
  if (effect !== 'once') return (repeatable as unknown as Record<string, Activity>)[operation]?.(params);
  const attempt = await attemptOnce(async () => (once as unknown as Record<string, Activity>)[operation]?.(params));
  if (attempt.outcome === 'ambiguous') throw attempt.error;
  return attempt.value;
}
