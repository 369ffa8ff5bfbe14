import { defineSignal, log, setHandler } from '@temporalio/workflow';

export const pause = defineSignal('pause');
export const resume = defineSignal('resume');
export const setParallel = defineSignal<[{ maxParallel: number }]>('setParallel');

export interface PaceOptions {
  /** Of the signals: what a pause holds back, and what there are so many of at a time. */
  readonly descriptions: { readonly pause: string; readonly setParallel: string };
  readonly limit: number;
  readonly onPaused: (paused: boolean) => void;
  readonly onParallel: (maxParallel: number) => void;
}

/** Lets people pause a workflow, have it go on, and say how much it does at a time. */
export function acceptPace({ descriptions, limit, onPaused, onParallel }: PaceOptions): void {
  setHandler(pause, () => onPaused(true), { description: descriptions.pause });
  setHandler(resume, () => onPaused(false), { description: 'Goes on after a pause. No input' });
  setHandler(
    setParallel,
    (message) => {
      const wanted = message?.maxParallel;
      if (!Number.isInteger(wanted) || wanted < 1 || wanted > limit)
        return log.warn(`setParallel ignored: expected {"maxParallel": 8}, from 1 to ${limit}`);
      onParallel(wanted);
    },
    { description: descriptions.setParallel },
  );
}
