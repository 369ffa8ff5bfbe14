import type { SyncTaskResult } from '../sync-task.ts';
import type { ApprovalOutcome } from './approval.ts';
import { plain } from './plain-text.ts';

/** What Current Details say of an approval, once it is given. */
export const approvalLine = (approval: ApprovalOutcome | undefined): string[] =>
  approval ? [`- approved by ${approval.by.map(({ actor }) => plain(actor)).join(', ')}`] : [];

/** The same of a sync, once it has ended. */
export const syncLine = (what: string, sync: SyncTaskResult | undefined): string[] =>
  sync ? [`- ${what}: ${sync.verdict} (run \`${sync.runID}\`)`] : [];
