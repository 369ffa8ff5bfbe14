import { ApplicationFailure, CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { FoundResource } from '../../activities/find-resources.ts';
import type { ResourceKind } from '../../operations/resource-kinds.ts';
import { repeatable } from '../proxies.ts';
import { attemptOnce } from './attempt-once.ts';
import { follows } from './changes.ts';
import { failureMessage } from './failure-type.ts';
import { lookFor } from './look-for.ts';
import { LEAVES_TWINS, type UndoLog } from './undo.ts';

export interface Wanted {
  readonly kind: ResourceKind;
  /** What makes it this one and no other: its name, or for a task, which has none, its source, destination and action. */
  readonly match: Readonly<Record<string, string>>;
  /** The type that one of this name must have to be adopted. */
  readonly type?: string | undefined;
  /** What else it should be like: where one that is adopted is not, that is told. */
  readonly expect?: Readonly<Record<string, unknown>>;
  readonly ifExists: 'adopt' | 'fail';
  /** Others that match and are known not to be this one. */
  readonly besides?: readonly string[] | undefined;
  readonly create: () => Promise<string>;
}

export interface Settled {
  readonly id: string;
  readonly how: 'created' | 'adopted';
  /** Where what was adopted is not what was wanted: `input.url`. */
  readonly differs?: readonly string[];
}

const MAX_CREATES = 3;

/**
 * There is exactly one afterwards: the one that was there, or the one created now.
 * What is to be created is written into the undo log first, so that also a create whose answer never came is undone.
 */
export async function adoptOrCreate(wanted: Wanted, undo: UndoLog): Promise<Settled> {
  const { kind, match, expect, besides = [] } = wanted;
  const isOther = ({ id }: FoundResource) => !besides.includes(id);
  const existing = (await repeatable.findResources({ kind, match, ...(expect ? { expect } : {}) })).filter(isOther);
  if (existing.length > 0) return adopt(existing, wanted);

  const find = async () => (await repeatable.findResources({ kind, match })).filter(isOther);
  // A task may be created disabled, other than it is to be.
  const entry = undo.intend({ kind, match, besides, since: Date.now(), ...(match.name && expect ? { expect } : {}) });
  let lastError: unknown;
  for (let create = 1; create <= MAX_CREATES; create += 1) {
    const attempt = await attemptOnce(wanted.create).catch((error: unknown) => {
      // It provably made nothing: what has this description later is somebody else's.
      if (lastError === undefined) undo.forget(entry);
      throw error;
    });
    const isAnswered = attempt.outcome === 'done';
    const id = isAnswered ? attempt.value : await lookForOurs(find, wanted);
    if (id !== undefined) {
      Object.assign(entry, { id, isAnswered });
      // The create itself is not cancelled; whoever cancelled meanwhile does not want what comes next.
      if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
      if (match.name !== undefined && follows('yield to an older twin')) yieldToTwin(id, await find(), wanted);
      return { id, how: 'created' };
    }
    if (attempt.outcome === 'ambiguous') lastError = attempt.error;
  }
  throw ApplicationFailure.nonRetryable(
    `creating the ${wanted.kind} ${describe(wanted)} got no answer ${MAX_CREATES} times, and none appeared; last: ${failureMessage(lastError)}`,
    'AlgoliaAmbiguous',
  );
}

/** What a create without an answer has made. Of several the younger may yet give in; for as long as not, nobody can say which is whose. */
async function lookForOurs(find: () => Promise<readonly FoundResource[]>, wanted: Wanted): Promise<string | undefined> {
  let there: readonly FoundResource[] = [];
  const [ours] = await lookFor(async () => {
    there = await find();
    return there.length > 1 && follows(LEAVES_TWINS) ? [] : there;
  });
  if (ours || there.length === 0) return ours?.id;
  const ids = there.map(({ id }) => id).join(', ');
  throw ApplicationFailure.nonRetryable(
    `${wanted.kind} ${describe(wanted)}: a create got no answer, and ${there.length} of them have appeared (${ids}); which is this run's can't be told`,
    'AlreadyExists',
    there,
  );
}

/** Who makes the same at the same time saw nothing either before creating it. Of the two the one that came later gives in. */
function yieldToTwin(id: string, [oldest]: readonly FoundResource[], { kind, match }: Wanted): void {
  if (oldest === undefined || oldest.id === id) return;
  throw ApplicationFailure.nonRetryable(
    `${kind} '${match.name}': somebody else made one (${oldest.id}) at the same time, so this one (${id}) is not needed; start again to adopt that one`,
    'AlreadyExists',
    [oldest],
  );
}

function adopt(existing: readonly FoundResource[], wanted: Wanted): Settled {
  const [only, ...others] = existing;
  const ids = existing.map(({ id }) => id).join(', ');
  const refuse = (why: string) =>
    ApplicationFailure.nonRetryable(`${wanted.kind} ${describe(wanted)}: ${why}`, 'AlreadyExists', existing);
  if (wanted.ifExists === 'fail') throw refuse(`exists already (${ids}), and ifExists is "fail"`);
  if (!only || others.length > 0)
    throw refuse(`${existing.length} of them exist (${ids}), so none can be adopted; delete or rename all but one`);
  if (wanted.type && only.type && only.type !== wanted.type)
    throw refuse(`exists already (${ids}), but is of type ${only.type} and not ${wanted.type}`);
  return { id: only.id, how: 'adopted', ...(only.differs ? { differs: only.differs } : {}) };
}

const describe = ({ match }: Wanted) => (match.name === undefined ? JSON.stringify(match) : `'${match.name}'`);
