import { workflowInputs } from '../../src/activities/check-input.ts';
import { describeIssues } from '../../src/algolia/check-input.ts';
import { clientOperations } from '../../src/operations/client-side.ts';
import { operations } from '../../src/operations/index.ts';
import * as workflows from '../../src/workflows/index.ts';
import { PLACEHOLDER } from './shell-commands.ts';

/** A workflow's type and, if it is written out, its input. */
export function checkWorkflow(type: string, json: string | undefined): string | undefined {
  if (type === PLACEHOLDER) return undefined;
  if (!(type in workflows)) return `there is no workflow ${type}`;
  if (!(type in workflowInputs)) return undefined;
  return checkJson(json, (input) => workflowInputs[type as keyof typeof workflowInputs].safeParse(input));
}

/** An operation's name and, if it is written out, its argument. */
export function checkOperation(name: string, json: string | undefined): string | undefined {
  if (name === PLACEHOLDER) return undefined;
  const all = { ...operations, ...clientOperations };
  if (!(name in all)) return `there is no operation ${name}`;
  return checkJson(json, (input) => all[name as keyof typeof all].input.safeParse(input));
}

type Parsed = ReturnType<(typeof workflowInputs)['syncTask']['safeParse']> | { error?: undefined };

/** What is read from a file, from standard input, or left to the reader isn't there to be checked. */
function checkJson(json: string | undefined, parse: (input: unknown) => unknown): string | undefined {
  if (json === undefined || json === '-' || json.startsWith('@') || json.startsWith(PLACEHOLDER)) return undefined;
  let input: unknown;
  try {
    input = JSON.parse(json);
  } catch (error) {
    return `${json}: ${(error as Error).message}`;
  }
  const { error } = parse(input) as Parsed;
  return error && describeIssues(error.issues, 'input');
}
