import { activityInfo, Context } from '@temporalio/activity';
import { WithStartWorkflowOperation, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Problem } from './problem.ts';

/** What one tick of a watch has found. */
export interface AlertReport {
  /** The channels that are to be told. */
  readonly channels: readonly string[];
  readonly repeatEveryMs: number;
  readonly problems: readonly Problem[];
  readonly fine: readonly string[];
}

export interface BookedProblem extends Problem {
  /** ISO 8601: when it was first seen. */
  readonly since: string;
}

/** What the book says after a report, of the channels of the report. */
export interface BookedReport {
  readonly open: readonly BookedProblem[];
  /** Notices that have not been delivered for longer than a channel usually takes. */
  readonly undelivered: readonly Undelivered[];
}

export interface Undelivered {
  readonly channel: string;
  readonly notices: number;
  /** ISO 8601: since when the channel fails. */
  readonly since: string;
  readonly why: string;
}

export const alertBookId = (applicationId: string) => `algolia-alerts/${applicationId}`;

/** The keys of all problems that the book of this application holds for these channels. */
export function createReadAlerts(applicationId: string) {
  return async function readAlerts({ channels }: { channels: readonly string[] }): Promise<string[]> {
    const { client } = Context.current();
    try {
      const handle = client.workflow.getHandle(alertBookId(applicationId));
      const open = await handle.query<Record<string, readonly string[]>>('open');
      return [...new Set(channels.flatMap((channel) => open[channel] ?? []))];
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return [];
      throw error;
    }
  };
}

/** Reports to the book of this application, which is started if it isn't there. However often it is sent, a report counts once. */
export function createReportProblems(applicationId: string) {
  return async function reportProblems(report: AlertReport): Promise<BookedReport> {
    const { client } = Context.current();
    const { workflowExecution, taskQueue, activityId } = activityInfo();
    const startWorkflowOperation = new WithStartWorkflowOperation('alertBook', {
      workflowId: alertBookId(applicationId),
      taskQueue,
      args: [],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `What is wrong with ${applicationId}, and who has been told`,
    });
    return (client as Client).workflow.executeUpdateWithStart<never, BookedReport, [unknown]>('report', {
      updateId: `${workflowExecution?.runId}/${activityId}`,
      args: [report],
      startWorkflowOperation: startWorkflowOperation as never,
    });
  };
}
