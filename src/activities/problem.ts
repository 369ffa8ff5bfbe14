/**
 * The vocabulary of watching.
 *
 * - problem: something that is wrong and that nobody would notice, known by its key
 * - look: one activity that looks for problems of a few kinds
 * - open: known from an earlier look, and not found fine since
 * - fine: open until this look, which finds it wrong no more. What a look doesn't look at is neither wrong nor fine
 */
export interface Problem {
  /** `task/<taskID>/stale`: what is wrong with what. */
  readonly key: string;
  readonly kind: ProblemKind;
  /** In a sentence. */
  readonly text: string;
}

export type ProblemKind =
  | 'connector.disabled'
  | 'connector.blocked'
  | 'connector.stale'
  | 'connector.stuck'
  | 'connector.gone'
  | 'connector.many'
  | 'schedule.missed'
  | 'schedule.paused'
  | 'index.leftover'
  | 'authentication.orphaned'
  | 'keyRing.stuck'
  | 'watch.failing';

export interface Look {
  readonly problems: readonly Problem[];
  /** Keys of what was open. */
  readonly fine: readonly string[];
  /** What this look could not look at, and why: for who reads the result. */
  readonly unchecked?: readonly string[];
  /** How many connectors, schedules or resources it looked at. */
  readonly checked: number;
}

/** A look that covers everything of a kind: whatever it does not find is fine. */
export function lookAtAll(
  open: readonly string[],
  prefix: string,
  problems: readonly Problem[],
): Pick<Look, 'problems' | 'fine'> {
  const found = new Set(problems.map(({ key }) => key));
  return { problems, fine: open.filter((key) => key.startsWith(prefix) && !found.has(key)) };
}
