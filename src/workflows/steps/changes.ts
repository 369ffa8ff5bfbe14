// oxlint-disable-next-line no-restricted-imports -- the one place for it
import { patched } from '@temporalio/workflow';

/** Each workflow has global variables of its own; the modules all workflows of a worker have in common. */
const own = globalThis as { followsChanges?: boolean };

/**
 * Decides whether this run follows all changes up to 0.2. To be called before anything else, by a workflow that may come to
 * `follows` after a local activity.
 *
 * A replay knows of a patch from the workflow task on which asked for it. But a query may cut a task in two while a local activity
 * runs: its result then stands in the one, and what it led to in the other. A replay has the result earlier, asks for the patch
 * before it knows of it, and fails.
 */
export function followChanges(): void {
  own.followsChanges = patched('0.2');
}

/** Whether this run is one that was begun with the change, or comes to it only now. */
export const follows = (change: string): boolean => own.followsChanges === true || patched(change);
