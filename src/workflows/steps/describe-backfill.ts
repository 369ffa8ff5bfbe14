import { workflowInfo } from '@temporalio/workflow';
import type { BackfillStatus } from '../backfill.ts';
import { finished, type Backfill } from './backfill-state.ts';
import { durationMs } from './duration.ts';
import { plain } from './plain-text.ts';

const MAX_SHOWN = 10;
const DAY_MINUTES = 24 * 60;

/** When it will be over at this pace; undefined while nobody can say. */
export function estimateEnd(backfill: Backfill): string | undefined {
  const { total, itemMs, maxParallel, options, paused, stopped } = backfill;
  const done = finished(backfill);
  if (done === 0 || done === total || paused || stopped !== undefined) return undefined;
  const betweenMs = options.between === undefined ? 0 : durationMs(options.between);
  const paceMs = Math.max(itemMs / done / maxParallel, betweenMs);
  return new Date(Date.now() + ((total - done) * paceMs) / shareOfDay(options.window)).toISOString();
}

function shareOfDay(window: Backfill['options']['window']): number {
  if (!window) return 1;
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  return ((minutes(window.to) - minutes(window.from) + DAY_MINUTES) % DAY_MINUTES) / DAY_MINUTES;
}

/** A backfill in Markdown, for the Web UI's Current Details. */
export function describeBackfill(status: BackfillStatus): string {
  const {
    phase,
    reason,
    counts,
    total,
    done,
    running,
    maxParallel,
    waitsFor,
    eta,
    notGood,
    verdictsRef,
    verdictsLost,
  } = status;
  const rows = Object.entries(counts).map(([verdict, count]) => `- ${verdict}: ${count}`);
  return [
    `**${phase}**${reason ? `: ${plain(reason)}` : ''}`,
    '',
    `- done: ${done} of ${total}`,
    ...rows,
    `- under way: ${running.length} of at most ${maxParallel}`,
    ...(waitsFor ? [`- waits for ${waitsFor}`] : []),
    ...(eta ? [`- done by about ${eta}`] : []),
    ...(verdictsRef ? [`- every verdict: \`${verdictsRef.uri}\``] : []),
    ...(verdictsLost ? [`- verdicts are kept no longer: ${verdictsLost}`] : []),
    '',
    `The syncs: \`ParentWorkflowId = "${workflowInfo().workflowId}"\``,
    ...notGood
      .slice(-MAX_SHOWN)
      .map(
        ({ verdict, taskID, sourceID, reason: why }) =>
          `- ${verdict}: ${taskID ? `task \`${taskID}\`` : `source \`${sourceID}\``}: ${plain(why)}`,
      ),
  ].join('\n');
}
