import { describeIssues } from '../algolia/check-input.ts';
import { parseWorded } from '../algolia/wording.ts';
import { operations, type OperationName } from '../operations/index.ts';
import { resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import { isEmpty, isObject } from './compare.ts';
import type { CreateStep, UpdateStep } from './plan.ts';

const PASCAL: Readonly<Record<ResourceKind, string>> = {
  authentication: 'Authentication',
  source: 'Source',
  transformation: 'Transformation',
  destination: 'Destination',
  task: 'Task',
};

/** The operation that does a step. */
function operationOf({ kind, ...step }: CreateStep | UpdateStep): OperationName {
  if (step.change === 'create') return `create${PASCAL[kind]}` as OperationName;
  return step.whole ? 'replaceTask' : (`update${PASCAL[kind]}` as OperationName);
}

/** What Algolia's operation would not take: a kept credential of something new, say. Better known now than half-way. */
export function checkBody(step: CreateStep | UpdateStep): string[] {
  const name = operationOf(step);
  const { input, body } = operations[name];
  const filled = stoodInFor(step.body);
  const argument =
    body.from === 'member' && step.change === 'update'
      ? { [resourceKinds[step.kind].id]: step.id, [body.name]: filled }
      : filled;
  const parsed = parseWorded(input, argument);
  const kept = keptCredentials(step);
  if (parsed.success) return kept;
  const issues = parsed.error.issues.map((issue) => ({
    ...issue,
    path: body.from === 'member' ? issue.path.slice(1) : issue.path,
  }));
  return [...kept, ...describeIssues(issues, step.place).split('; ')].filter(
    (problem, index, all) => all.findIndex((other) => placeOf(other) === placeOf(problem)) === index,
  );
}

const placeOf = (problem: string) => problem.slice(0, problem.indexOf(': '));

/** The ids of what is yet to be made are strings, too. */
function stoodInFor(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stoodInFor);
  if (!isObject(value)) return value;
  if (typeof value.$idOf === 'string') return value.$idOf;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, stoodInFor(member)]));
}

/** A credential that is to be kept can't be sent, and these have to be. */
function keptCredentials({ kind, change, place, body }: CreateStep | UpdateStep): string[] {
  const input = isObject(body.input) ? body.input : {};
  const isSentWhole = change === 'create' ? kind === 'authentication' || kind === 'source' : kind === 'source';
  if (!isSentWhole) return [];
  const asks = change === 'create' ? 'a new one needs it' : 'an update sends all of them';
  const nulls = kind === 'authentication' ? nullsIn(input) : nullsIn(input.configuration, 'configuration');
  return nulls.map(
    (field) =>
      `${place}.input.${field}: null stands for what Algolia has, which nobody can read, but ${asks}: write {"$secret": "env:SECRET_…"}${kind === 'source' ? ' or the value' : ''}`,
  );
}

function nullsIn(value: unknown, field = ''): string[] {
  if (value === null) return [field];
  if (isEmpty(value) || !isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => nullsIn(member, field === '' ? name : `${field}.${name}`));
}
