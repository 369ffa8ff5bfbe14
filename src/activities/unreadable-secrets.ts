import type { Step } from '../manifest/plan.ts';
import { messageOf } from '../message-of.ts';

type Reveal = (reference: string) => Promise<unknown>;

/** The credentials that a plan would send and this worker can't read: better known before people are asked than after. */
export async function unreadableSecrets(steps: readonly Step[], reveal: Reveal): Promise<string[]> {
  const references = steps.flatMap((step) => (step.change === 'delete' ? [] : referencesIn(step.body, step.place)));
  const told = await Promise.all(
    references.map(({ place, reference }) =>
      reveal(reference).then(
        () => [],
        (error: unknown) => [`${place}: ${messageOf(error)}`],
      ),
    ),
  );
  return told.flat();
}

interface Placed {
  readonly place: string;
  readonly reference: string;
}

function referencesIn(value: unknown, place: string): Placed[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('$secret' in value && typeof value.$secret === 'string') return [{ place, reference: value.$secret }];
  return Object.entries(value).flatMap(([name, member]) =>
    referencesIn(member, Array.isArray(value) ? `${place}[${name}]` : `${place}.${name}`),
  );
}
