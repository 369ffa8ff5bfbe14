import type { EventDigest } from '../../activities/digest-events.ts';
import type { AwaitedRun } from '../../activities/await-run.ts';

/**
 * What a sync came to. `success` and `empty` are good; `partial`: some records failed; `blocked`: the task won't run until somebody
 * acts; `transient`: a new run may do better; `critical`: it won't; the rest say why nobody knows.
 */
export type Verdict =
  | 'success'
  | 'partial'
  | 'empty'
  | 'blocked'
  | 'transient'
  | 'critical'
  | 'cancelled'
  | 'skipped'
  | 'timedOut'
  | 'stuck';

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasonCode?: string;
  readonly reason: string;
}

type Run = NonNullable<AwaitedRun['run']>;

/** A failed run by its reason code; the API lists the codes but does not define them. */
const VERDICT_BY_REASON: Readonly<Record<string, Verdict>> = {
  too_many_errors: 'partial',
  lacking_events: 'partial',
  no_events: 'empty',
  blocking: 'blocked',
  internal: 'transient',
  critical: 'critical',
  cancelled: 'cancelled',
  idle: 'stuck',
};

/** Judges a run that is over by its outcome *and* its events: a run that calls itself a success although events failed is not one. */
export function judge(run: Run, events: EventDigest): Judgement {
  const said = run.reasonCode ? { reasonCode: run.reasonCode } : {};
  const because = (fallback: string) => run.reason || fallback;
  if (run.status === 'skipped') return { ...said, verdict: 'skipped', reason: because('Algolia skipped the run') };
  if (run.outcome === 'failure') {
    const known = VERDICT_BY_REASON[run.reasonCode ?? ''];
    const verdict =
      known === undefined || (known === 'empty' && events.failed > 0)
        ? events.counts.record?.succeeded
          ? 'partial'
          : 'critical'
        : known;
    return { ...said, verdict, reason: because(`the run failed (${run.reasonCode ?? 'no reason given'})`) };
  }
  if (run.outcome !== 'success')
    return { ...said, verdict: 'critical', reason: `the run finished with the outcome '${run.outcome ?? 'none'}'` };
  if (events.failed > 0)
    return {
      ...said,
      verdict: 'partial',
      reason: `the run succeeded, but ${events.failed} of its ${events.total} events failed`,
    };
  if (run.reasonCode === 'no_events')
    return { ...said, verdict: 'empty', reason: because('there was nothing to ingest') };
  return { ...said, verdict: 'success', reason: because('the run and all its events succeeded') };
}

/** Whether a sync came to what its caller wanted. Skipping a busy task was asked for; a run that Algolia skipped was not. */
export function isGood({ verdict, reasonCode }: Judgement, { onEmpty }: { onEmpty: 'ok' | 'warn' | 'fail' }): boolean {
  return (
    verdict === 'success' ||
    (verdict === 'empty' && onEmpty !== 'fail') ||
    (verdict === 'skipped' && reasonCode === 'busy')
  );
}
