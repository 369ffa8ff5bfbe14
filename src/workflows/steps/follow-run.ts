import type { EventDigest } from '../../activities/digest-events.ts';
import { repeatable } from '../proxies.ts';
import { countVerdict } from './count-verdict.ts';
import { durationMs } from './duration.ts';
import { judge, type Judgement } from './verdict.ts';
import { watchRun, type Wait, type WatchedRun } from './watch-run.ts';

export interface FollowOptions {
  readonly noProgressFor: string;
  readonly maxFailures: number;
}

/** What is learned about a run, as it is learned. */
export interface RunNews {
  readonly phase?: 'running' | 'reading events';
  readonly progress?: WatchedRun['progress'] & {};
  readonly keyVersion?: string;
  readonly events?: EventDigest['counts'];
  readonly failures?: EventDigest['failures'];
  readonly remoteStillRunning?: boolean;
}

/** Waits for a run, reads its events and judges both. */
export async function followRun(
  run: { readonly runID: string; readonly createdAt: string },
  wait: Wait,
  options: FollowOptions,
  tell: (news: RunNews) => void,
): Promise<Judgement> {
  const judgement = await watchAndJudge(run, wait, options, tell);
  countVerdict('run', judgement.verdict);
  return judgement;
}

async function watchAndJudge(...[run, wait, options, tell]: Parameters<typeof followRun>): Promise<Judgement> {
  const watched = await watchRun(run.runID, wait, durationMs(options.noProgressFor), ({ progress, keyVersion }) =>
    tell({ keyVersion, ...(progress ? { progress } : {}) }),
  );
  tell({ remoteStillRunning: watched.state !== 'ended' });
  if (watched.state !== 'ended' || !watched.run) return judgeWait(watched, wait);
  tell({ phase: 'reading events' });
  const startDate = watched.run.createdAt ?? run.createdAt;
  const events = await repeatable.digestEvents({
    runID: run.runID,
    startDate,
    maxFailures: options.maxFailures,
    received: watched.progress?.received ?? 0,
  });
  tell({ events: events.counts, failures: events.failures });
  return judge(watched.run, events);
}

/** Why a wait ended before its run did. */
export function judgeWait({ state, idleMs, pollError }: WatchedRun, wait: Wait): Judgement {
  const lastly = pollError ? `; the last poll failed: ${pollError}` : '';
  if (state === 'stuck') return { verdict: 'stuck', reason: `no progress for ${Math.round(idleMs / 1000)} s${lastly}` };
  if (state === 'givenUp') return { verdict: 'timedOut', reasonCode: 'givenUp', reason: `given up: ${wait.givenUp}` };
  return { verdict: 'timedOut', reason: `not finished by ${new Date(wait.deadline).toISOString()}${lastly}` };
}
