import { repeatable } from '../proxies.ts';
import { inUse, usersOf, type KeptPart, type Part } from './connector-parts.ts';
import { failureMessage, failureType, isNotFound } from './failure-type.ts';
import { deleteResource } from './undo.ts';

export interface DeletedParts {
  readonly deleted: readonly Part[];
  /** What somebody has begun to use meanwhile. */
  readonly kept: readonly KeptPart[];
  /** What should be gone and may not be. */
  readonly left: readonly KeptPart[];
}

/**
 * Deletes a connector, its task first. Fails only if the task is still there, and then nothing else was deleted either.
 * After that there is no way back, so what can't be deleted doesn't keep the rest.
 */
export async function deleteParts(
  [task, ...others]: readonly Part[],
  onDeleted: (deleted: readonly Part[]) => void,
): Promise<DeletedParts> {
  if (!task) return { deleted: [], kept: [], left: [] };
  await deleteTask(task.id);
  const deleted = [task];
  const kept: KeptPart[] = [];
  const left: KeptPart[] = [];
  onDeleted([...deleted]);
  for (const part of others) {
    const { resource, id } = part;
    try {
      const why = resource === 'task' ? undefined : inUse(await usersOf(resource, id), deleted);
      if (why !== undefined) {
        kept.push({ resource, id, why });
        continue;
      }
      await deleteResource(resource, id);
      deleted.push(part);
      onDeleted([...deleted]);
    } catch (error) {
      // Algolia refuses what is in use: somebody was faster.
      const list = failureType(error) === 'AlgoliaInvalid' ? kept : left;
      list.push({ resource, id, why: failureMessage(error) });
    }
  }
  return { deleted, kept, left };
}

/** A delete that got no answer may have had its effect all the same. */
async function deleteTask(taskID: string): Promise<void> {
  try {
    await deleteResource('task', taskID);
  } catch (error) {
    if (!(await isGone(taskID))) throw error;
  }
}

async function isGone(taskID: string): Promise<boolean> {
  try {
    await repeatable.getTask({ taskID });
    return false;
  } catch (error) {
    return isNotFound(error);
  }
}
