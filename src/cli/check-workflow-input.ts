import { workflowInputs, type WorkflowType } from '../activities/check-input.ts';
import { asSentence, describeIssues } from '../algolia/check-input.ts';
import { parseWorded } from '../algolia/wording.ts';
import { NOW_IN_HISTORY } from '../operations/operation.ts';
import { CliError, EXIT } from './exit.ts';

/** Before it goes to Temporal, where a credential written in the clear would stay. */
export function checkWorkflowInput(type: string, input: unknown): void {
  if (!isChecked(type)) return;
  const parsed = parseWorded(workflowInputs[type], input);
  if (parsed.success) return;
  const places = describeIssues(parsed.error.issues, 'input').replaceAll(NOW_IN_HISTORY, '');
  throw new CliError(`${type}: ${asSentence(places)} Nothing was started.`, EXIT.usage);
}

/** Those without an input refuse to be started by hand. */
const isChecked = (type: string): type is WorkflowType => Object.hasOwn(workflowInputs, type);
