import type { Checked, WorkflowInput } from '../../activities/check-input.ts';
import type { Verdict } from './verdict.ts';

export type BackfillItem = NonNullable<WorkflowInput<'backfill'>['items']>[number];
export type BackfillOptions = Omit<Checked<'backfill'>, 'items' | 'taskFilter'>;

/** What became of one item. */
export interface ItemVerdict {
  readonly taskID?: string;
  readonly sourceID?: string;
  /** The child that synced it. */
  readonly workflowId: string;
  /** `failed`: it came to no verdict, and the reason says why. */
  readonly verdict: Verdict | 'failed';
  readonly reason: string;
  readonly reasonCode?: string;
  readonly runID?: string;
  /** Of a source: the verdict of each task. */
  readonly tasks?: Readonly<Record<string, string>>;
  readonly good: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** All that one run of the workflow hands on to the next: of what is over only what is left to say. */
export interface BackfillProgress {
  readonly options: BackfillOptions;
  readonly total: number;
  /** Place of the next item to start. */
  next: number;
  /** The tasks from `next` on, where a filter chose them. */
  taskIDs?: readonly string[];
  counts: Partial<Record<ItemVerdict['verdict'], number>>;
  /** The first that aren't good. */
  notGood: ItemVerdict[];
  /** What they take as JSON; a run of 0.1 does not hand it on. */
  notGoodBytes?: number;
  failures: number;
  /** What all items took together, ms. */
  itemMs: number;
  maxParallel: number;
  paused: boolean;
  /** Why nothing more is started. */
  stopped?: string;
  readonly startedAt: string;
  /** ms on the workflow's clock. */
  lastStartAt?: number;
  file: { readonly uri?: string; readonly bytes: number; readonly lost?: string };
}

/** A backfill as it goes on: what it hands on, and what it doesn't have to. */
export interface Backfill extends BackfillProgress {
  readonly running: Map<string, BackfillItem>;
  /** Verdicts that aren't in the file yet. */
  unkept: ItemVerdict[];
  /** Why the next item isn't started just now, in words. */
  waitsFor?: string;
  /** When the window opens or closes next, ms; nobody has looked yet when absent. */
  window?: { readonly open: boolean; readonly changesAt: number };
}

export const finished = ({ counts }: BackfillProgress): number => Object.values(counts).reduce((a, b) => a + b, 0);

export const idOf = (item: BackfillItem): { taskID: string } | { sourceID: string } =>
  'taskID' in item ? { taskID: item.taskID } : { sourceID: item.sourceID };
