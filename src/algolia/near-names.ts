import leven from 'leven';

const MAX_SUGGESTIONS = 3;

/** `Did you mean syncTask?`: for a name that nothing has; empty where nothing is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = namesNear(name, known);
  return near.length > 0 ? `Did you mean ${near.join(' or ')}?` : '';
}

/** The same as the message of a zod enum of such names; where nothing is near, all that there are. */
export const noSuch =
  (kind: string, known: readonly string[]) =>
  ({ input }: { readonly input?: unknown }): string =>
    typeof input === 'string'
      ? `there is no ${kind} '${input}'. ${didYouMean(input, known) || `There are ${known.join(', ')}`}`
      : `expected the name of the ${kind}${input === undefined ? ', but it is missing' : ''}`;

/** A typing mistake or two away, or a part of the name. */
function namesNear(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const within = Math.max(2, Math.floor(wanted.length / 3));
  const close = known
    // A longer name is further away, and a very long one takes long to compare.
    .filter((candidate) => wanted.length <= 2 * candidate.length + 2)
    .map((candidate) => {
      const other = candidate.toLowerCase();
      const isPart = wanted.length > 2 && (other.includes(wanted) || wanted.includes(other));
      return { candidate, distance: isPart ? Math.min(1, leven(wanted, other)) : leven(wanted, other) };
    })
    .filter(({ distance }) => distance <= within)
    .toSorted((a, b) => a.distance - b.distance);
  const nearest = close[0]?.distance ?? 0;
  return close
    .filter(({ distance }) => distance <= nearest + 1)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ candidate }) => candidate);
}
