import type { World } from '../world.ts';
import { finishRun, markStarted, skipRun } from './finish-run.ts';
import { publishEvent } from './publish-event.ts';
import { isOver, type EventStatus, type EventType, type Run, type RunOutcome } from './run.ts';

/** What the next runs of a task do instead of ingesting. */
export interface RunScript {
  /** A taskID, or `*`. */
  readonly taskID: string;
  times: number;
  readonly status: 'finished' | 'skipped';
  readonly outcome?: RunOutcome | undefined;
  readonly reasonCode?: string | undefined;
  readonly reason?: string | undefined;
  /** Spread evenly over the run. */
  readonly events: readonly ScriptedEvent[];
  readonly progress?: { expectedNbOfEvents: number; receivedNbOfEvents: number } | undefined;
  /** On the simulator's clock, whatever its `speed`. */
  readonly durationMs?: number | undefined;
  /** Ends at this many `getRun`s, however long they take. */
  readonly polls?: number | undefined;
  /** Stays `created`. */
  readonly neverStart: boolean;
  /** Progress stays where it is. */
  readonly neverProgress: boolean;
  /** Progress goes on, but the run never ends. */
  readonly neverFinish: boolean;
}

export interface ScriptedEvent {
  readonly type: EventType;
  readonly status: EventStatus | null;
  readonly batchSize: number;
  readonly data: Record<string, unknown> | null;
}

const DEFAULT_STEPS = 10;

/** The script that this run follows, if there is one. */
export function takeScript(world: World, taskID: string): RunScript | undefined {
  const script = world.scripts.find((one) => one.times > 0 && (one.taskID === taskID || one.taskID === '*'));
  if (script) script.times -= 1;
  return script;
}

export async function playScript(world: World, run: Run, script: RunScript): Promise<void> {
  const { clock, settings } = world;
  if (script.neverStart) return;
  const durationMs = script.durationMs ?? settings.runMs / settings.speed;
  if (script.status === 'skipped') {
    await clock.sleep(durationMs);
    if (!isOver(run))
      skipRun(world, run, { reasonCode: script.reasonCode ?? 'idle', reason: script.reason ?? 'the run was skipped' });
    return;
  }
  await clock.sleep(Math.min(durationMs / 10, 100));
  if (isOver(run)) return;
  markStarted(world, run);
  const steps = script.polls ?? Math.max(script.events.length, DEFAULT_STEPS);
  run.progress = { expectedNbOfEvents: script.progress?.expectedNbOfEvents ?? steps, receivedNbOfEvents: 0 };
  const step = createStepper(world, run, script, steps);
  if (script.polls !== undefined) {
    run.onPoll = step;
    return;
  }
  const startedAt = clock.now();
  for (let done = 1; done <= steps && !isOver(run); done += 1) {
    await clock.until(startedAt + (durationMs * done) / steps);
    step();
  }
}

/** Each call is one step of the run; the last one ends it. */
function createStepper(world: World, run: Run, script: RunScript, steps: number): () => void {
  const received = script.progress?.receivedNbOfEvents ?? run.progress?.expectedNbOfEvents ?? steps;
  let done = 0;
  let published = 0;
  return () => {
    if (isOver(run)) return;
    done = Math.min(done + 1, steps);
    while (published < Math.ceil((script.events.length * done) / steps)) {
      publishEvent(world, run, script.events[published] as ScriptedEvent);
      published += 1;
    }
    if (run.progress && !script.neverProgress) {
      const reached = Math.floor((received * done) / steps);
      run.progress.receivedNbOfEvents = script.neverFinish ? Math.min(reached, received - 1) : reached;
      run.updatedAt = world.clock.iso();
    }
    if (done < steps || script.neverFinish || (script.neverProgress && script.durationMs === undefined)) return;
    const { outcome = 'success', reasonCode = outcome === 'success' ? 'ok' : 'internal', reason = '' } = script;
    finishRun(world, run, { outcome, reasonCode, reason });
  };
}
