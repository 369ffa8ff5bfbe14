import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo, ApplicationFailure, cancellationSignal, Context } from '@temporalio/activity';
import { ActivityCancelledError } from '@temporalio/client';
import type { z } from 'zod';
import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import { checkInput } from '../algolia/check-input.ts';
import { clientOperations, type ClientInputOf } from '../operations/client-side.ts';
import type { OutputOf } from '../operations/index.ts';
import type { PushRecord } from '../operations/push.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { countPushed } from './count-pushed.ts';
import { hasOperation } from './inputs/push-records.ts';
import { pushBatch, pushFrame, type PushTarget } from './push-batch.ts';
import { createEventReader } from './push-events.ts';
import { toFailure } from './to-failure.ts';

const MAX_IDS_NAMED = 100;
/** As the official client asks: after 1.5, 3, 4.5, 5, 5 … s; but the first time sooner. */
const FIRST_POLL_MS = 250;
const POLL_STEP_MS = 1_500;
const MAX_POLL_MS = 5_000;

type WatchResponse = OutputOf<'push'>;
type Input = z.output<typeof clientOperations.chunkedPush.input>;

/** What the next attempt goes on from. */
interface Progress {
  readonly responses: WatchResponse[];
  /** Whether every batch that was sent is among the responses. */
  settled: boolean;
}

/**
 * The official client's `chunkedPush`, made honest: an event that failed fails it, naming the objectIDs; a batch that can't
 * be sent is sent again by Temporal's next attempt, and those before it are not.
 */
export function createChunkedPush(client: AlgoliaClient, keys: ApiKeys) {
  return async function chunkedPush(rawInput: ClientInputOf<'chunkedPush'>): Promise<WatchResponse[]> {
    const { heartbeatDetails, heartbeatTimeoutMs } = activityInfo();
    const progress: Progress = { responses: [], settled: true, ...(heartbeatDetails as Progress | undefined) };
    const context = Context.current();
    const timer = heartbeatTimeoutMs
      ? setInterval(() => context.heartbeat(progress), heartbeatTimeoutMs / 3)
      : undefined;
    try {
      const input = checkInput('chunkedPush', clientOperations.chunkedPush, rawInput);
      await pushAll(input, progress, client, keys);
      if (input.waitForTasks) await awaitEvents(input, progress.responses, client, keys);
      return progress.responses;
    } catch (error) {
      throw toFailure(error);
    } finally {
      clearInterval(timer);
    }
  };
}

const batchesOf = ({ objects, batchSize }: Input): PushRecord[][] =>
  Array.from({ length: Math.ceil(objects.length / batchSize) }, (_, place) =>
    objects.slice(place * batchSize, (place + 1) * batchSize),
  );

async function pushAll(input: Input, progress: Progress, client: AlgoliaClient, keys: ApiKeys): Promise<void> {
  const { indexName, referenceIndexName, action, objects, waitForTasks } = input;
  const { responses } = progress;
  const target: PushTarget = { indexName, ...(referenceIndexName ? { referenceIndexName } : {}) };
  const repeatable = !objects.some(hasOperation);
  if (!repeatable && !progress.settled) throw ambiguous(responses.length);
  for (const batch of batchesOf(input).slice(responses.length)) {
    progress.settled = false;
    await commit(progress);
    const { open, close } = pushFrame(action);
    const body = Buffer.from(open + JSON.stringify(batch).slice(1, -1) + close);
    const pushed = await pushBatch(client, keys, target, body, cancellationSignal());
    if (pushed.outcome === 'later') {
      if (pushed.sent && !repeatable) throw ambiguous(responses.length);
      progress.settled = true;
      await commit(progress);
      const { reason, retryAfterMs } = pushed;
      throw new AlgoliaError('AlgoliaUnavailable', `${reason} (${responses.length} batches were pushed before)`, {
        operation: 'chunkedPush',
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
    countPushed(pushed.outcome, batch.length);
    if (pushed.outcome === 'refused') throw failed(batch, pushed.reason);
    if (waitForTasks && !pushed.answer.eventID) throw failed(batch, 'the answer named no event that could be read');
    responses.push(pushed.answer);
    progress.settled = true;
  }
  if (responses.length > 0) await commit(progress);
}

/** By a request of its own: heartbeats are held back for seconds, and what the next attempt must know has to be there before a batch is. */
async function commit(progress: Progress): Promise<void> {
  const { taskToken } = activityInfo();
  const context = Context.current();
  context.heartbeat(progress);
  await context.client.activity.heartbeat(taskToken, progress).catch((error: unknown) => {
    // The cancellation arrives by its own way; it is not an error of this request.
    if (!(error instanceof ActivityCancelledError)) throw error;
  });
}

async function awaitEvents(input: Input, responses: readonly WatchResponse[], client: AlgoliaClient, keys: ApiKeys) {
  const signal = cancellationSignal();
  const events = createEventReader(client, keys);
  const batches = batchesOf(input);
  const since = Date.now();
  let open = responses.map(({ runID, eventID, createdAt }, place) => ({
    runID,
    eventID: eventID ?? '',
    acceptedAt: Date.parse(createdAt ?? '') || since,
    since,
    place,
  }));
  const failures: { place: number; reason: string; objectIDs: readonly string[] }[] = [];
  for (let poll = 0; open.length > 0; poll += 1) {
    if (poll > input.maxRetries) {
      throw ApplicationFailure.create({
        type: 'PushUnconfirmed',
        message: `chunkedPush: ${open.length} of ${responses.length} events said nothing in ${poll} reads; what was pushed may still be ingested`,
        nonRetryable: true,
      });
    }
    await delay(poll === 0 ? FIRST_POLL_MS : Math.min(POLL_STEP_MS * poll, MAX_POLL_MS), undefined, { signal });
    const outcomes = await events.read(open, signal);
    for (const { eventID, place } of open) {
      const outcome = outcomes.get(eventID);
      if (outcome?.outcome === 'failed') failures.push({ place, ...outcome });
    }
    open = open.filter(({ eventID }) => !outcomes.has(eventID));
  }
  const [first] = failures;
  if (!first) return;
  const objectIDs = failures.flatMap(({ place, objectIDs: named }) =>
    named.length > 0 ? named : (batches[place] ?? []).map(({ objectID }) => objectID),
  );
  throw pushFailed(`${failures.length} of ${responses.length} batches failed: ${first.reason}`, objectIDs);
}

const failed = (batch: readonly PushRecord[], reason: string) =>
  pushFailed(
    reason,
    batch.map(({ objectID }) => objectID),
  );

function pushFailed(reason: string, objectIDs: readonly string[]): ApplicationFailure {
  const named = objectIDs.slice(0, MAX_IDS_NAMED);
  const more = objectIDs.length > named.length ? ` and ${objectIDs.length - named.length} more` : '';
  return ApplicationFailure.create({
    type: 'PushFailed',
    message: `chunkedPush: ${reason}. objectIDs: ${named.join(', ')}${more}`,
    nonRetryable: true,
    details: [{ objectIDs: named }],
  });
}

const ambiguous = (pushed: number) =>
  new AlgoliaError(
    'AlgoliaAmbiguous',
    `chunkedPush: a batch with built-in operations (_operation) may have been taken, so it is not pushed again; ${pushed} batches before it were`,
    { operation: 'chunkedPush' },
  );
