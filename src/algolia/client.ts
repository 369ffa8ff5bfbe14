import { Pool } from 'undici';
import { operations, type InputOf, type OperationName, type OutputOf } from '../operations/index.ts';
import { SecretRef, type Host, type Operation } from '../operations/operation.ts';
import type { z } from 'zod';
import { AlgoliaError } from './algolia-error.ts';
import { buildRequest } from './build-request.ts';
import { checkInput } from './check-input.ts';
import type { ObserveExchange } from './observe.ts';
import { createPace, OutOfTurn, type Pace } from './pace.ts';
import { elapsed, readAnswer, unanswered } from './read-answer.ts';
import { CONNECT_TIMEOUT_MS, NoAnswer, send } from './send.ts';

/** A thousand waiting polls need no thousand sockets: each is over in milliseconds. */
const MAX_CONNECTIONS = 256;
/** For its turn a request waits no longer than an activity can spare; then its place goes to another. */
const MAX_WAIT_FOR_TURN_MS = 8_000;
const MIN_RETRY_AFTER_MS = 1_000;

export interface CallOptions {
  /** Aborts the exchange; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The key to send with. */
  readonly apiKey: string;
  /** Rather fails than writes the request after this, on the clock of `performance.now()`. */
  readonly writeBefore?: number;
}

export interface AlgoliaClient {
  /** One request. Throws {@link AlgoliaError}; never retries. */
  call<N extends OperationName>(name: N, input: InputOf<N>, options: CallOptions): Promise<OutputOf<N>>;
  /** The same for an operation that is not in the table of the 52 (the Search API's). */
  send<O extends Operation>(
    name: string,
    operation: O,
    input: z.input<O['input']>,
    options: CallOptions,
  ): Promise<z.output<O['response']>>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly applicationId: string;
  /** https origins, or http ones on loopback. */
  readonly hosts: Readonly<Record<Host, URL>>;
  /** The value a reference stands for. */
  readonly reveal: (secret: SecretRef) => Promise<string>;
  /** Removes every credential known to the process from a text. */
  readonly scrub: (text: string) => string;
  /** Names the program and its version. */
  readonly userAgent: string;
  readonly observe?: ObserveExchange | undefined;
  /** How many requests a second the Ingestion API is sent at most. Default: as many as there are. */
  readonly requestsPerSecond?: number | undefined;
  /** How long an answer may take at most. Default: what the API asks for, 25 s or 180 s. */
  readonly maxTimeoutMs?: number | undefined;
}

/** A client with one keep-alive pool per origin. */
export function createClient(options: ClientOptions): AlgoliaClient {
  const { maxTimeoutMs = Infinity } = options;
  const pools = { ingestion: poolFor(options.hosts.ingestion), search: poolFor(options.hosts.search) };
  const prefix = { ingestion: pathPrefix(options.hosts.ingestion), search: pathPrefix(options.hosts.search) };

  const pace = options.requestsPerSecond === undefined ? undefined : createPace(options.requestsPerSecond);

  async function exchange(
    name: string,
    operation: Operation,
    input: unknown,
    { signal, apiKey, writeBefore }: CallOptions,
  ): Promise<unknown> {
    const startedAt = performance.now();
    const checked = checkInput(name, operation, input);
    const revealed = operation.takesSecrets ? await revealAll(checked, options.reveal) : checked;
    const { method, path, body } = encodable(name, () => buildRequest(operation, revealed));
    const headers: Record<string, string> = {
      'x-algolia-application-id': options.applicationId,
      'x-algolia-api-key': apiKey,
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': options.userAgent,
    };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (pace && operation.host === 'ingestion') await awaitTurn(pace, name, { signal, writeBefore });
    const request = { method, path: prefix[operation.host] + path, ...(body === undefined ? {} : { body }) };
    try {
      const pool = pools[operation.host];
      const exchangeOptions = {
        headers,
        timeoutMs: Math.min(operation.timeoutMs, maxTimeoutMs),
        signal,
        notAfter: writeBefore ?? Infinity,
      };
      const answer = options.observe
        ? await options.observe({ operation: name, ...operation }, (more) =>
            send(pool, request, { ...exchangeOptions, headers: { ...headers, ...more } }),
          )
        : await send(pool, request, exchangeOptions);
      return readAnswer(name, operation, answer, startedAt, options.scrub);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      const type = error.sent ? unanswered(operation) : 'AlgoliaUnavailable';
      const status = error.status === undefined ? {} : { status: error.status };
      throw new AlgoliaError(
        type,
        options.scrub(`${name}: ${error.message}`),
        { operation: name, ...elapsed(startedAt), ...status },
        error.cause,
      );
    }
  }

  return {
    call: (name, input, callOptions) => exchange(name, operations[name], input, callOptions) as never,
    send: (name, operation, input, callOptions) => exchange(name, operation, input, callOptions) as never,
    close: async () => {
      await Promise.all([pools.ingestion.close(), pools.search.close()]);
    },
  };
}

/** A request that is out of turn is refused as Algolia would refuse it: its activity frees its place and comes back later. */
async function awaitTurn(
  pace: Pace,
  operation: string,
  { signal, writeBefore = Infinity }: { readonly [N in 'signal' | 'writeBefore']: CallOptions[N] | undefined },
): Promise<void> {
  const withinMs = Math.min(MAX_WAIT_FOR_TURN_MS, writeBefore - performance.now());
  try {
    await pace.turn({ withinMs, signal });
  } catch (error) {
    if (!(error instanceof OutOfTurn)) throw error;
    throw new AlgoliaError(
      'AlgoliaRateLimited',
      `${operation}: this worker has more requests than ALGOLIA_REQUESTS_PER_SECOND lets pass (${error.message}); nothing was sent`,
      { operation, retryAfterMs: Math.max(Math.round(error.waitMs), MIN_RETRY_AFTER_MS) },
    );
  }
}

function poolFor(url: URL): Pool {
  return new Pool(url.origin, { connect: { timeout: CONNECT_TIMEOUT_MS }, connections: MAX_CONNECTIONS });
}

/** Half a surrogate pair has no place in a URL. */
function encodable<T>(name: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    const message = `${name}: input: text in the path or query may not hold half a surrogate pair. Nothing was sent.`;
    throw new AlgoliaError('AlgoliaInvalid', message, { operation: name });
  }
}

const pathPrefix = (url: URL) => url.pathname.replace(/\/+$/, '');

/** The input with the value in place of every reference; the input itself where there is none. */
async function revealAll(value: unknown, reveal: ClientOptions['reveal']): Promise<unknown> {
  if (value instanceof SecretRef) return reveal(value);
  if (Array.isArray(value)) return Promise.all(value.map((item) => revealAll(item, reveal)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    await Promise.all(Object.entries(value).map(async ([name, item]) => [name, await revealAll(item, reveal)])),
  );
}
