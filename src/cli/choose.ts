import leven from 'leven';
import { CliError, EXIT } from './exit.ts';

const MAX_SUGGESTIONS = 3;

/** The name itself if it is one of the known ones; else an error that suggests those it may have been meant for. */
export function choose<N extends string>(kind: string, name: string, known: readonly N[], listedBy: string): N {
  const found = known.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  const near = namesNear(name, known);
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `\`${listedBy}\` lists them.`;
  throw new CliError(`There is no ${kind} ${name}. ${hint}`, EXIT.usage);
}

/** A typing mistake or two away, or a part of the name. */
function namesNear(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const within = Math.max(2, Math.floor(wanted.length / 3));
  const close = known
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
