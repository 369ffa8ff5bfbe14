import { z } from 'zod';
import { pushAction, pushRecords } from '../../operations/push.ts';
import { resourceID } from '../../operations/operation.ts';
import { duration, intent, staysBelow } from './vocabulary.ts';

const DEFAULT_MAX_RECORDS = 1_000;
/** With the request around it below the 5 MB that a proxy lets pass. */
const DEFAULT_MAX_BYTES = 4_500_000;
/** History keeps the input and what it is passed on to: some three times this. */
const MAX_INLINE_BYTES = 1_000_000;
/** A checkpoint names every batch that failed, and has to stay small. */
const MAX_STOP_AFTER_FAILURES = 1_000;

/** Where records are: a file below `RECORDS_DIR`, or one that a host of `RECORDS_HOSTS` serves. */
export const recordsRef = z.strictObject({
  /** `file:products.ndjson` or `https://host/products.csv.gz`. */
  uri: z
    .string()
    .regex(/^(file|https?):./, 'expected file:<path below RECORDS_DIR> or https://<host in RECORDS_HOSTS>/…')
    .check(staysBelow),
  /** In hex, of the bytes as they lie there. Proven before anything is pushed. */
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
    .optional(),
  /** Default: by the name's extension (`.gz` aside), else by the content type. */
  format: z.enum(['ndjson', 'json', 'csv']).optional(),
});

export const pushRecordsInput = z
  .strictObject({
    indexName: resourceID.optional(),
    taskID: resourceID.optional(),
    action: pushAction,
    records: pushRecords.optional(),
    recordsRef: recordsRef.optional(),
    batch: z
      .strictObject({
        maxRecords: z.int().min(1).max(100_000).default(DEFAULT_MAX_RECORDS),
        /** Of the records as JSON in UTF-8. A larger record is a bad one. */
        maxBytes: z.int().min(1_000).max(20_000_000).default(DEFAULT_MAX_BYTES),
      })
      .prefault({}),
    maxParallel: z.int().min(1).max(64).default(4),
    verify: z.enum(['everyEvent', 'none']).default('everyEvent'),
    /** How long an event may take to tell how it went. */
    verifyWithin: duration.default('15m'),
    /** How long nothing may be taken or verified. */
    noProgressFor: duration.default('30m'),
    /** How many batches may fail before no more are pushed. However many: one is enough to fail the workflow. */
    stopAfterFailures: z.int().min(1).max(MAX_STOP_AFTER_FAILURES).default(1),
    onBadRecord: z.enum(['fail', 'skip']).default('fail'),
    /** Reads everything once before the first push: bad records fail it early, and the result has `distinct`. */
    checkFirst: z.boolean().default(false),
    /** Whether a batch whose fate is unknown may be pushed again although the action isn't the same twice. */
    allowRepeat: z.boolean().default(false),
    referenceIndexName: resourceID.optional(),
    /** Whether a failed batch fails the workflow, or is told in the result only. */
    failWorkflow: z.boolean().default(true),
    ...intent,
  })
  .check((ctx) => {
    const { indexName, taskID, action, records, recordsRef: reference, referenceIndexName, allowRepeat } = ctx.value;
    const refuse = (path: (string | number)[], message: string) =>
      ctx.issues.push({ code: 'custom', message, path, input: ctx.value });
    if ((indexName === undefined) === (taskID === undefined)) refuse([], 'give either indexName or taskID');
    if (taskID !== undefined && referenceIndexName !== undefined)
      refuse(['referenceIndexName'], 'goes with indexName only: a task has transformations of its own');
    if (action === 'delete' || action === 'clear') {
      if (reference || records === undefined || records.length > 0)
        refuse(['records'], `${action} acts on the whole index and takes "records": []`);
      if (!allowRepeat)
        refuse(
          ['action'],
          `${action} is not safe to repeat, as a push whose answer is lost has to be: ${ALLOW_REPEAT}`,
        );
      return;
    }
    if ((records === undefined) === (reference === undefined)) refuse([], 'give either records or recordsRef');
    if (records?.length === 0) refuse(['records'], `nothing to push: ${action} needs at least one record`);
    const bytes = records === undefined ? 0 : Buffer.byteLength(JSON.stringify(records));
    if (bytes > MAX_INLINE_BYTES)
      refuse(
        ['records'],
        `${bytes} bytes, but at most ${MAX_INLINE_BYTES} may be given here: put them in a file and give recordsRef`,
      );
    if (allowRepeat || !action.startsWith('partialUpdate') || !Array.isArray(records)) return;
    const place = records.findIndex(hasOperation);
    if (place >= 0)
      refuse(
        ['records', place],
        `a built-in operation (_operation) is not safe to repeat, as a push whose answer is lost has to be: ${ALLOW_REPEAT}`,
      );
  });

export const ALLOW_REPEAT = 'set "allowRepeat": true if a second time does no harm';

/** `{"stock": {"_operation": "Decrement", "value": 1}}`: twice is not once. */
export const hasOperation = (record: Readonly<Record<string, unknown>>): boolean =>
  Object.values(record).some((value) => typeof value === 'object' && value !== null && '_operation' in value);
