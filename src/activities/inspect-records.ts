import { createHash } from 'node:crypto';
import { cancellationSignal, Context } from '@temporalio/activity';
import { checkRecord } from '../records/check-record.ts';
import { countDistinct } from '../records/count-distinct.ts';
import { openRecords, type RecordsAccess, type RecordsReference } from '../records/open-records.ts';
import { readItems } from '../records/read-items.ts';
import { RecordsError } from '../records/records-error.ts';
import { showUri } from '../records/show-uri.ts';
import { ENVELOPE_BYTES } from './push-batch.ts';
import { MAX_TOLD, type BadRecord } from './push-checkpoint.ts';
import { toFailure } from './to-failure.ts';

const HEARTBEAT_MS = 2_000;

export interface InspectRecordsInput {
  readonly recordsRef: RecordsReference;
  /** `opening`: may it be read, and as what. `bytes`: is the hash right, too. `records`: that, and every record. */
  readonly depth: 'opening' | 'bytes' | 'records';
  readonly onBadRecord: 'fail' | 'skip';
  /** Of a batch: a longer record is a bad one. */
  readonly maxBytes: number;
}

export interface RecordsInspection {
  /** Of what was inspected: whoever reads it later can tell whether it is still that. */
  readonly version: string;
  readonly bytes?: number;
  /** Good ones; with `records` only, as what follows. */
  readonly records?: number;
  /** Different objectIDs among them. */
  readonly distinct?: number;
  readonly badRecords?: number;
  readonly firstBadRecords?: readonly BadRecord[];
}

/** Looks at records before any is pushed: whether this worker may read them, whether they are the ones meant, whether all are records. */
export function createInspectRecords(access: RecordsAccess) {
  return async function inspectRecords(input: InspectRecordsInput): Promise<RecordsInspection> {
    const context = Context.current();
    let bytes = 0;
    const timer = setInterval(() => context.heartbeat({ bytes }), HEARTBEAT_MS);
    const onBytes = (read: number) => {
      bytes += read;
    };
    try {
      const opened = await openAndHash(input, access, onBytes);
      if (input.depth !== 'records') return opened;
      return { ...opened, ...(await readAll(input, access)) };
    } catch (error) {
      throw toFailure(error);
    } finally {
      clearInterval(timer);
    }
  };
}

async function openAndHash(
  { recordsRef, depth }: InspectRecordsInput,
  access: RecordsAccess,
  onBytes: (read: number) => void,
): Promise<RecordsInspection> {
  const { uri, sha256 } = recordsRef;
  const signal = cancellationSignal();
  const { version, raw, close } = await openRecords(recordsRef, access, { signal });
  try {
    if (depth === 'opening' || sha256 === undefined) return { version };
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of raw) {
      signal.throwIfAborted();
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(chunk.length);
    }
    const actual = hash.digest('hex');
    if (actual === sha256.toLowerCase()) return { version, bytes };
    throw new RecordsError(
      'RecordsInvalid',
      `${showUri(uri)}: its sha256 is ${actual}, not ${sha256}. Nothing was pushed`,
    );
  } finally {
    await close();
  }
}

async function readAll(
  { recordsRef, onBadRecord, maxBytes }: InspectRecordsInput,
  access: RecordsAccess,
): Promise<Partial<RecordsInspection>> {
  const signal = cancellationSignal();
  const maxRecordBytes = maxBytes - ENVELOPE_BYTES;
  let records = 0;
  let badRecords = 0;
  const firstBadRecords: BadRecord[] = [];

  async function* objectIDs(pass: number): AsyncGenerator<string[]> {
    const reader = await readItems(recordsRef, access, { maxBytes: maxRecordBytes, signal });
    try {
      for await (const items of reader.items) {
        signal.throwIfAborted();
        const some: string[] = [];
        for (const item of items) {
          const check = checkRecord(item, maxRecordBytes);
          if (check.ok) some.push(check.record.objectID);
          else if (pass === 0) {
            badRecords += 1;
            if (firstBadRecords.length < MAX_TOLD) firstBadRecords.push({ line: item.number, why: check.why });
          }
        }
        if (pass === 0) records += some.length;
        yield some;
      }
    } finally {
      await reader.close();
    }
  }
  const distinct = await countDistinct(objectIDs);
  const [firstBad] = firstBadRecords;
  if (firstBad && onBadRecord === 'fail') {
    const more = badRecords > 1 ? ` (and ${badRecords - 1} more bad ones)` : '';
    throw new RecordsError(
      'RecordsInvalid',
      `${showUri(recordsRef.uri)}: line ${firstBad.line}: ${firstBad.why}${more}. Nothing was pushed`,
    );
  }
  return { records, distinct, badRecords, firstBadRecords };
}
