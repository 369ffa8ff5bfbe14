export type RunStatus = 'created' | 'started' | 'finished' | 'skipped';
export type RunOutcome = 'success' | 'failure';
export type RunType = 'reindex' | 'update' | 'discover' | 'validate' | 'push';
export type EventStatus = 'created' | 'started' | 'retried' | 'failed' | 'succeeded' | 'critical';
export type EventType = 'fetch' | 'record' | 'log' | 'transform';

export interface Event {
  readonly eventID: string;
  readonly runID: string;
  readonly type: EventType;
  status: EventStatus | null;
  batchSize: number;
  data: Record<string, unknown> | null;
  publishedAt: string;
}

/** Changes in place while it is going on; `events` holds what has been published. */
export interface Run {
  readonly runID: string;
  readonly taskID: string;
  readonly type: RunType;
  readonly createdAt: string;
  readonly failureThreshold?: number | undefined;
  readonly events: Map<string, Event>;
  status: RunStatus;
  updatedAt: string;
  progress?: { expectedNbOfEvents: number; receivedNbOfEvents: number };
  outcome?: RunOutcome;
  reasonCode?: string;
  reason?: string;
  startedAt?: string;
  finishedAt?: string;
  /** Called by every `getRun`, for runs that move by being looked at. */
  onPoll?: () => void;
}

/** How a run ended. */
export interface Verdict {
  readonly outcome: RunOutcome;
  readonly reasonCode: string;
  readonly reason: string;
}

export const isOver = (run: Run) => run.status === 'finished' || run.status === 'skipped';
