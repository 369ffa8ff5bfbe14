import { condition, workflowInfo } from '@temporalio/workflow';
import { timeWindow } from '../proxies.ts';
import type { Backfill } from './backfill-state.ts';
import { durationMs } from './duration.ts';

/** An item costs five to fifteen events, and a hundred may be under way when this is reached: no history comes near 5,000. */
const MAX_HISTORY_EVENTS = 2_000;

/** Waits until the next item may be started. False: none may be any more, in this run at least. */
export async function waitForTurn(backfill: Backfill, tell: () => void): Promise<boolean> {
  for (;;) {
    if (backfill.stopped !== undefined || isLong()) return false;
    if (backfill.paused || backfill.running.size >= backfill.maxParallel) {
      waitsFor(backfill, backfill.paused ? 'the signal resume' : undefined, tell);
      await condition(
        () => backfill.stopped !== undefined || (!backfill.paused && backfill.running.size < backfill.maxParallel),
      );
      continue;
    }
    const waits = [betweenMs(backfill), await untilOpen(backfill)];
    const waitMs = Math.max(...waits);
    waitsFor(backfill, waitMs > 0 ? sayWhy(waits, Date.now() + waitMs) : undefined, tell);
    if (waitMs <= 0) return true;
    const summary = waits[1] ? 'until the window opens' : 'between two starts';
    await condition(() => backfill.stopped !== undefined || backfill.paused, waitMs, { summary });
  }
}

/** Whether it is time to go on with a history of its own. */
function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= MAX_HISTORY_EVENTS;
}

function betweenMs({ options, lastStartAt }: Backfill): number {
  return options.between === undefined || lastStartAt === undefined
    ? 0
    : lastStartAt + durationMs(options.between) - Date.now();
}

async function untilOpen(backfill: Backfill): Promise<number> {
  const { window } = backfill.options;
  if (!window) return 0;
  if (!backfill.window || Date.now() >= backfill.window.changesAt)
    backfill.window = await timeWindow({ window, at: Date.now() });
  return backfill.window.open ? 0 : backfill.window.changesAt - Date.now();
}

const sayWhy = ([, window = 0]: readonly number[], until: number) =>
  `${window > 0 ? 'the window' : 'the time between two starts'}, until ${new Date(until).toISOString()}`;

function waitsFor(backfill: Backfill, why: string | undefined, tell: () => void): void {
  if (backfill.waitsFor === why) return;
  if (why === undefined) delete backfill.waitsFor;
  else backfill.waitsFor = why;
  tell();
}
