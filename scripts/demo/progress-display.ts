import { MultiBar, Presets, type SingleBar } from 'cli-progress';

const CLEAR_TO_END_OF_LINE = '\u001B[K';

export interface SyncProgress {
  /** What the workflow is doing, in a word or two. */
  readonly step: string;
  /** Events of the run that goes on, as Algolia counts them. */
  readonly received: number;
  readonly expected: number;
  /** Records that can be searched now. */
  readonly records: number;
}

export interface ProgressDisplay {
  readonly update: (name: string, progress: SyncProgress) => void;
  /** A line of text above the bars. */
  readonly say: (text: string) => void;
  readonly stop: () => void;
}

/** A bar for each name on a terminal; elsewhere a line whenever a step begins. */
export function createProgressDisplay(out: NodeJS.WriteStream): ProgressDisplay {
  return out.isTTY ? barDisplay(out) : lineDisplay(out);
}

function barDisplay(out: NodeJS.WriteStream): ProgressDisplay {
  const format = ' {name} {bar} {value}/{total} events | {records} records | {step}';
  const bars = new MultiBar(
    // Every bar is drawn again after a text that was written over it.
    {
      stream: out,
      format,
      hideCursor: true,
      clearOnComplete: false,
      gracefulExit: false,
      forceRedraw: true,
      barsize: 24,
    },
    Presets.shades_classic,
  );
  const byName = new Map<string, SingleBar>();
  let stopped = false;
  return {
    update(name, { step, received, expected, records }) {
      if (stopped) return;
      const payload = { name: name.padEnd(16), records, step };
      const bar = byName.get(name) ?? bars.create(Math.max(expected, 1), 0, payload);
      byName.set(name, bar);
      bar.setTotal(Math.max(expected, received, 1));
      bar.update(received, payload);
    },
    say: (text) => bars.log(`${text}\n`.replaceAll('\n', CLEAR_TO_END_OF_LINE + '\n')),
    stop() {
      stopped = true;
      bars.stop();
    },
  };
}

function lineDisplay(out: NodeJS.WriteStream): ProgressDisplay {
  const last = new Map<string, string>();
  return {
    update(name, { step, received, expected, records }) {
      if (last.get(name) === step) return;
      last.set(name, step);
      out.write(`${name}: ${step} (${received}/${expected} events, ${records} records)\n`);
    },
    say: (text) => void out.write(`${text}\n`),
    stop: () => undefined,
  };
}
