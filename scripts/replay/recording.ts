import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Simulator } from '../../simulator/index.ts';
import type { RecordServer } from '../../test/setup/connector.ts';

/** What a case has to play with. */
export interface Recording {
  readonly simulator: Simulator;
  readonly records: RecordServer;
  readonly client: Client;
  /** Starts a workflow; `skipTime` jumps over its timers. Its id is the case's name unless it must be another. */
  readonly start: (
    workflowType: string,
    input: object,
    options?: { skipTime?: boolean; workflowId?: string },
  ) => Promise<WorkflowHandle>;
}

/** Takes a workflow down one of its paths, as far as somebody has to do that; returns the one whose history is kept. */
export type Case = (recording: Recording) => Promise<WorkflowHandle>;
