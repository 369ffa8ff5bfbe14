import { ApplicationFailure, CancellationScope, log, sleep, workflowInfo } from '@temporalio/workflow';
import type { FoundResource } from '../../activities/find-resources.ts';
import type { ResourceKind } from '../../operations/resource-kinds.ts';
import { repeatable } from '../proxies.ts';
import { follows } from './changes.ts';
import { failureMessage, isNotFound } from './failure-type.ts';
import { lookFor } from './look-for.ts';

/** Something that this workflow is about to create, or has. */
export interface Intent {
  readonly kind: ResourceKind;
  readonly match: Readonly<Record<string, string>>;
  /** Others that match and were there before. */
  readonly besides?: readonly string[] | undefined;
  /** As what it is created. */
  readonly expect?: Readonly<Record<string, unknown>>;
  /** ms on the workflow's clock: it was not there then. */
  readonly since: number;
  /** Absent until the create was answered, or what it made was found. */
  id?: string;
  /** If not, what was found may be somebody else's. */
  isAnswered?: boolean;
}

/** For replays: what was found after a create without an answer used to be taken for this workflow's own, come what may. */
export const LEAVES_TWINS = 'leave what may be of a twin';
/** Until the list of workflows shows one that has just begun. */
const LISTED_WITHIN = '5s';

/** What this workflow has made, in the order of making. */
export interface UndoLog {
  intend(intent: Intent): Intent;
  /** It was not made after all. */
  forget(intent: Intent): void;
  /** Deletes all of it, last made first, whatever else is cancelled. Returns what could not be deleted, in words. */
  undo(): Promise<string[]>;
}

export function undoLog(): UndoLog {
  const intents: Intent[] = [];
  return {
    intend(intent) {
      intents.push(intent);
      return intent;
    },
    forget(intent) {
      intents.splice(intents.indexOf(intent), 1);
    },
    undo: () =>
      CancellationScope.nonCancellable(async () => {
        const left: string[] = [];
        for (const intent of intents.toReversed()) {
          try {
            for (const id of await idsOf(intent, intents)) await deleteResource(intent.kind, id);
          } catch (error) {
            const what = `${intent.kind} ${intent.id ?? JSON.stringify(intent.match)}: ${failureMessage(error)}`;
            log.warn('could not be undone', { what });
            left.push(what);
          }
        }
        return left;
      }),
  };
}

/** What of that description is there now and was not before was made by the create whose answer was lost, or by somebody else: it may take a while to show. */
async function idsOf(intent: Intent, all: readonly Intent[]): Promise<string[]> {
  const { kind, match, expect, besides = [], id, isAnswered } = intent;
  if (id !== undefined && (isAnswered || !follows(LEAVES_TWINS))) return [id];
  const others = besides.length > 0 && follows('undo nothing that was there before') ? besides : [];
  const found = await lookFor(async () =>
    (await repeatable.findResources({ kind, match, ...(expect ? { expect } : {}) })).filter(
      (resource) => !others.includes(resource.id),
    ),
  );
  if (found.length > 0 && follows(LEAVES_TWINS)) await assertOurs(intent, found, all);
  return found.map((resource) => resource.id);
}

/** Nothing tells who made a resource, so one is taken for this workflow's own only as long as nothing speaks against it. */
async function assertOurs(intent: Intent, found: readonly FoundResource[], all: readonly Intent[]): Promise<void> {
  const why = await objection(intent, found, all);
  if (why === undefined) return;
  throw ApplicationFailure.nonRetryable(
    `left as it may be somebody else's (${found.map(({ id }) => id).join(', ')}): its create got no answer, and ${why}`,
    'OwnerUnknown',
  );
}

async function objection(
  { match, since }: Intent,
  [first, ...others]: readonly FoundResource[],
  all: readonly Intent[],
): Promise<string | undefined> {
  if (others.length > 0) return `there are ${others.length + 1}`;
  if (first?.differs) return `it is not as this run would have made it: ${first.differs.join(', ')}`;
  // A task has no name: it is of whoever made its source.
  const parts = all.filter(({ id }) => id !== undefined && Object.values(match).includes(id));
  if (parts.some(({ isAnswered }) => isAnswered)) return undefined;
  const name = match.name ?? parts[0]?.match.name;
  await sleep(LISTED_WITHIN, { summary: 'before looking for workflows that make the same' });
  const { workflowId, parent } = workflowInfo();
  const twins = await repeatable.findTwins({
    since,
    besides: [workflowId, ...(parent ? [parent.workflowId] : [])],
    ...(name === undefined ? {} : { name }),
  });
  return twins.length > 0 ? `it may be of ${twins.join(', ')}, under way at the same time` : undefined;
}

/** What is gone already is deleted. */
export async function deleteResource(kind: ResourceKind, id: string): Promise<void> {
  try {
    await deleteByKind(kind, id);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function deleteByKind(kind: ResourceKind, id: string): Promise<unknown> {
  switch (kind) {
    case 'authentication':
      return repeatable.deleteAuthentication({ authenticationID: id });
    case 'source':
      return repeatable.deleteSource({ sourceID: id });
    case 'transformation':
      return repeatable.deleteTransformation({ transformationID: id });
    case 'destination':
      return repeatable.deleteDestination({ destinationID: id });
    case 'task':
      return repeatable.deleteTask({ taskID: id });
  }
}
