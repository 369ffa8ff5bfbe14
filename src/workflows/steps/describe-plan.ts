import type { Planned, PlanCounts, ShownDifference, Step } from '../../manifest/plan.ts';

/** A plan line by line, as people read one: `+` is made, `~` changed, `-` deleted, `?` not in the manifest. */
export function describePlan({ plan, foreign, notes }: Planned): string[] {
  return [
    ...plan.steps.flatMap(describeStep),
    ...foreign.map(({ kind, name, id }) => `? ${kind} ${name} (${id}) is not in the manifest`),
    ...notes.map((note) => `! ${note}`),
  ];
}

function describeStep(step: Step): string[] {
  switch (step.change) {
    case 'create':
      return [
        `+ ${step.kind} ${step.name}${step.replaces ? `, in the place of ${step.replaces}` : ''}`,
        ...(step.differences ?? []).flatMap(describeDifference),
      ];
    case 'update':
      return [`~ ${step.kind} ${step.name} (${step.id})`, ...step.differences.flatMap(describeDifference)];
    case 'delete':
      return [`- ${step.kind} ${step.name} (${step.id})${step.why === 'replaced' ? ', which is replaced' : ''}`];
  }
}

function describeDifference(difference: ShownDifference): string[] {
  if ('lines' in difference) return [`    ${difference.field}:`, ...difference.lines.map((line) => `      ${line}`)];
  return [`    ${difference.field}: ${shown(difference.is)} → ${shown(difference.wanted)}`];
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'not set';
  const { $idOf } = value as { $idOf?: string };
  return $idOf === undefined ? JSON.stringify(value) : `the new ${$idOf}`;
}

/** `1 to create, 2 to update`, in the tense that is asked for. */
export function describeCounts(counts: PlanCounts, tense: 'to come' | 'done'): string {
  const words = tense === 'done' ? DONE : TO_COME;
  const parts = Object.entries(words).map(([name, word]) => [counts[name as keyof PlanCounts], word] as const);
  return parts
    .filter(([count, word]) => count > 0 || word === words.unchanged)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

const TO_COME = {
  create: 'to create',
  update: 'to update',
  replace: 'to replace',
  delete: 'to delete',
  unchanged: 'unchanged',
} satisfies Record<keyof PlanCounts, string>;
const DONE = {
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  delete: 'deleted',
  unchanged: 'unchanged',
} satisfies Record<keyof PlanCounts, string>;
