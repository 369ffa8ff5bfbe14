import { ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import { syncTask, type SyncTaskInput, type SyncTaskResult } from '../sync-task.ts';
import { runChild } from './run-child.ts';

export interface SyncChildOptions {
  /** The child's id is that of its parent, a slash, and this. */
  readonly name: string;
  readonly summary: string;
  /** Default: `syncing` */
  readonly doing?: string;
  readonly tell: (change: { readonly step: string }) => unknown;
}

/** Syncs a task as a child, which is cancelled along with its parent. */
export function syncChild(
  input: SyncTaskInput,
  { name, summary, doing = 'syncing', tell }: SyncChildOptions,
): Promise<SyncTaskResult> {
  const workflowId = `${workflowInfo().workflowId}/${name}`;
  tell({ step: `${doing}: workflow ${workflowId}` });
  return runChild(syncTask, {
    args: [input],
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: summary,
  });
}
