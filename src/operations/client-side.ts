import { z } from 'zod';
import { operations } from './index.ts';
import { resourceID, secret, type Effect } from './operation.ts';
import { pushAction, pushRecords } from './push.ts';

/** What the official client offers beside its requests: an activity like the others, but no single request stands behind it. */
export interface ClientOperation<E extends Effect = Effect, I extends z.ZodType = z.ZodType> {
  readonly effect: E;
  readonly summary: string;
  readonly input: I;
  readonly method: null;
  readonly path: null;
}

const clientSide = <const E extends Effect, I extends z.ZodType>(
  effect: E,
  summary: string,
  input: I,
): ClientOperation<E, I> => ({ effect, summary, input, method: null, path: null });

/** Temporal carries 2 MB at most, the names and quotes around the records included. */
const MAX_INLINE_BYTES = 1_900_000;
/** Each answer is part of the result, which has to be carried too. */
const MAX_BATCHES = 500;
const DEFAULT_BATCH_SIZE = 1_000;

const ChunkedPush = z
  .strictObject({
    indexName: resourceID,
    objects: pushRecords,
    action: pushAction.default('addObject'),
    waitForTasks: z.boolean().default(false),
    batchSize: z.int().min(1).default(DEFAULT_BATCH_SIZE),
    referenceIndexName: resourceID.optional(),
    /** How often an event is asked for before it is given up. */
    maxRetries: z.int().min(0).default(100),
  })
  .check((ctx) => {
    const { objects, action, batchSize } = ctx.value;
    const refuse = (path: string, message: string) =>
      ctx.issues.push({ code: 'custom', message, path: [path], input: ctx.value });
    if (action === 'clear' || action === 'delete')
      refuse('action', `${action} acts on the whole index, and not once per batch: call push with "records": []`);
    if (!Array.isArray(objects)) return;
    if (objects.length / batchSize > MAX_BATCHES)
      refuse('batchSize', `too small: at most ${MAX_BATCHES} batches, and ${objects.length} objects make more`);
    const bytes = Buffer.byteLength(JSON.stringify(objects));
    if (bytes > MAX_INLINE_BYTES)
      refuse(
        'objects',
        `${bytes} bytes, but Temporal carries 2 MB at most: put the records in a file and start the workflow pushRecords with a recordsRef`,
      );
  });

export const clientOperations = {
  chunkedPush: clientSide('once', 'Push records in batches, and wait for their events if asked to', ChunkedPush),
  setClientApiKey: clientSide(
    'idempotent',
    'Switch the API key used to authenticate requests, for every worker',
    z.strictObject({ apiKey: secret() }),
  ),
};

export type ClientOperations = typeof clientOperations;
type ClientOperationName = keyof ClientOperations;
/** What a caller passes. */
export type ClientInputOf<N extends ClientOperationName> = z.input<ClientOperations[N]['input']>;

/** Whatever can be called by its name. */
export const callables = { ...operations, ...clientOperations };
export type CallableName = keyof typeof callables;
export const callableNames = Object.keys(callables) as [CallableName, ...CallableName[]];
