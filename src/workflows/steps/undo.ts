import { CancellationScope, log } from '@temporalio/workflow';
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
  /** Absent until the create was answered. */
  id?: string;
}

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
            for (const id of await idsOf(intent)) await deleteResource(intent.kind, id);
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

/** Whatever of that description is there now and was not before was made by the create whose answer was lost: it may take a while to show. */
async function idsOf({ kind, match, besides = [], id }: Intent): Promise<string[]> {
  if (id !== undefined) return [id];
  const others = besides.length > 0 && follows('undo nothing that was there before') ? besides : [];
  const find = async () => (await repeatable.findResources({ kind, match })).map((found) => found.id);
  return [...(await lookFor(async () => (await find()).filter((found) => !others.includes(found))))];
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
