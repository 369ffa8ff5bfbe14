import type { Position } from '../records/item.ts';
import { START } from '../records/item.ts';

/** How many failures and bad records are told in words. All are counted. */
export const MAX_TOLD = 20;

/** A batch by the items it was made of: it can be read again. */
export interface BatchRange {
  readonly from: Position;
  readonly items: number;
}

/** A batch that was pushed without an answer, or is about to be. */
export interface UnansweredBatch extends BatchRange {
  /** It provably wasn't taken, so pushing it is no second time. */
  readonly notTaken?: true;
}

/** A batch that Algolia took: what became of it is in the event. */
export interface AcceptedBatch extends BatchRange {
  readonly records: number;
  readonly runID: string;
  readonly eventID: string;
  /** By Algolia's clock, in ms. */
  readonly acceptedAt: number;
  /** The same by the worker's clock. */
  readonly since: number;
}

export interface PushFailure {
  /** Number of the batch's first line or record. */
  readonly from: number;
  readonly records: number;
  readonly reason: string;
  readonly runID?: string;
  readonly eventID?: string;
  /** The records that failed where the event names them, else all of the batch; 20 at most. */
  readonly objectIDs: readonly string[];
}

export interface BadRecord {
  /** Its line in NDJSON and CSV, its place in an array, from 1. */
  readonly line: number;
  readonly why: string;
}

export interface PushTally {
  /** Records in batches that Algolia took. */
  readonly pushed: number;
  /** Of those, records of batches whose event says succeeded. */
  readonly verified: number;
  /** Records of batches that were refused, whose event says failed or critical, or said nothing in time. */
  readonly failed: number;
  readonly failedBatches: number;
  /** Batches that Algolia took. */
  readonly batches: number;
  /** Of those, in JSON. */
  readonly bytes: number;
  readonly badRecords: number;
  /** Batches pushed again because nobody knew whether the first time had counted. */
  readonly repeated: number;
}

/**
 * How far a push has come: everything before `next` was pushed, except for what is listed here. Small, however large the file:
 * it goes into heartbeats, and from one slice to the next.
 */
export interface PushCheckpoint {
  /** Where the next batch begins. */
  readonly next: Position;
  /** All items have been batched. */
  readonly atEnd: boolean;
  /** Pushed, but the answer isn't here: on resuming they are pushed again. */
  readonly unanswered: readonly UnansweredBatch[];
  /** Taken, but the event hasn't been read. */
  readonly unverified: readonly AcceptedBatch[];
  readonly failed: readonly BatchRange[];
  readonly tally: PushTally;
  readonly firstFailures: readonly PushFailure[];
  readonly firstBadRecords: readonly BadRecord[];
  /** Why no more is pushed although there is more. */
  readonly stopped?: PushStop;
}

export interface PushStop {
  /** An `ApplicationFailure`'s type. */
  readonly type: string;
  readonly message: string;
}

export const FRESH_CHECKPOINT: PushCheckpoint = {
  next: START,
  atEnd: false,
  unanswered: [],
  unverified: [],
  failed: [],
  tally: {
    pushed: 0,
    verified: 0,
    failed: 0,
    failedBatches: 0,
    batches: 0,
    bytes: 0,
    badRecords: 0,
    repeated: 0,
  },
  firstFailures: [],
  firstBadRecords: [],
};
