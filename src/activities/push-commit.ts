import { activityInfo, Context, log } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError } from '@temporalio/client';
import type { Changes } from './changes.ts';
import type { PushCheckpoint } from './push-checkpoint.ts';

const COMMIT_EVERY_MS = 1_000;
const MIN_WINDOW = 8;

/** Keeps the server informed of how far the push has come, closely enough for a worker that dies to cost little. */
export interface Committer {
  /** Whether one more batch may be sent: not when too many were since the last commit. */
  readonly hasRoom: boolean;
  /** One more batch is being sent. */
  sent(): void;
  /** Commits until stopped. Rejects when this attempt no longer counts, and nothing more may be sent. */
  run(): Promise<void>;
  stop(): void;
}

export interface CommitOptions {
  readonly maxParallel: number;
  readonly snapshot: () => PushCheckpoint;
  readonly changes: Changes;
  /** The workflow wants this slice to end. */
  readonly onCancelRequested: () => void;
}

/**
 * Commits by a request of its own, for the SDK's heartbeats are held back for seconds and nobody learns whether they arrived.
 * No more than a window of batches is ever sent beyond the last commit that was acknowledged: these are what a kill repeats.
 */
export function createCommitter({ maxParallel, snapshot, changes, onCancelRequested }: CommitOptions): Committer {
  const context = Context.current();
  const { taskToken } = activityInfo();
  const window = Math.max(MIN_WINDOW, 2 * maxParallel);
  let sent = 0;
  let committed = 0;
  let stopped = false;

  const commit = async () => {
    const sentBefore = sent;
    const checkpoint = snapshot();
    // The SDK must hear of it too, or it takes this activity for stuck.
    context.heartbeat(checkpoint);
    try {
      await context.client.activity.heartbeat(taskToken, checkpoint);
    } catch (error) {
      if (error instanceof ActivityCancelledError) onCancelRequested();
      else if (error instanceof ActivityNotFoundError) throw error;
      else return log.warn('the checkpoint could not be committed; trying again', { message: String(error) });
    }
    committed = sentBefore;
    changes.notify();
  };

  return {
    get hasRoom() {
      return sent - committed < window;
    },
    sent() {
      sent += 1;
    },
    stop() {
      stopped = true;
      changes.notify();
    },
    async run() {
      while (!stopped) {
        await commit();
        const next = Date.now() + COMMIT_EVERY_MS;
        await changes.until(() => stopped || sent - committed >= window / 2 || Date.now() >= next, COMMIT_EVERY_MS);
      }
      // In case this attempt fails: the next one begins where it ended.
      await commit();
    },
  };
}
