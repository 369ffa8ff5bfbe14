import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher, Pool } from 'undici';
import type { AlgoliaRequest } from './build-request.ts';

/** No answer of this API comes near this; a larger one is refused rather than held in memory. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** From the last byte received to the next. */
const BODY_GAP_TIMEOUT_MS = 25_000;
/** Connecting comes on top of the time the API may take. */
export const CONNECT_TIMEOUT_MS = 5_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** The request got no answer that can be read. `sent`: the server may have seen it. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly sent: boolean;
  readonly status: number | undefined;
  constructor(message: string, sent: boolean, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
    this.status = status;
  }
}

interface Options {
  readonly headers: Record<string, string>;
  /** For the answer's headers; the whole exchange may take this and the time to connect. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** On the clock of `performance.now()`: past it the request is given up rather than written. */
  readonly notAfter: number;
}

/**
 * One attempt. Resolves with any complete answer, whatever its status; rejects with {@link NoAnswer}, or with the signal's
 * reason when that aborted it. Works on undici's dispatch, a layer below `request`: it is the only place that knows
 * whether the request was written, and it costs less.
 */
export function send(
  pool: Pool,
  request: AlgoliaRequest,
  { headers, timeoutMs, signal, notAfter }: Options,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let controller: Dispatcher.DispatchController | undefined;
    let stopped: Error | undefined;
    let status = 0;
    let answerHeaders: Answer['headers'] = {};
    const chunks: Buffer[] = [];
    let bytes = 0;

    const settle = () => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    /** Ends the exchange. What is still waiting for a connection is given up at once and never written. */
    const stop = (error: Error) => {
      stopped ??= error;
      if (controller) controller.abort(stopped);
      else fail(stopped);
    };
    const totalMs = timeoutMs + CONNECT_TIMEOUT_MS;
    const deadline = setTimeout(
      () => stop(new NoAnswer(`no complete answer within ${totalMs / 1000} s`, controller !== undefined)),
      totalMs,
    );
    const onAbort = () =>
      stop(signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', onAbort, { once: true });

    pool.dispatch(
      {
        ...request,
        headers,
        body: request.body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: Math.min(BODY_GAP_TIMEOUT_MS, timeoutMs),
      },
      {
        onRequestStart(starting) {
          if (performance.now() > notAfter) stopped ??= new NoAnswer('it took too long to get to sending', false);
          if (stopped) starting.abort(stopped);
          else controller = starting;
        },
        onResponseStart(_, statusCode, responseHeaders) {
          status = statusCode;
          answerHeaders = responseHeaders;
        },
        onResponseData(_, chunk) {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES)
            stop(new NoAnswer(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`, true, status));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          settle();
          const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes);
          const encoding = answerHeaders['content-encoding'];
          if (encoding === undefined || body.length === 0) {
            resolve({ status, headers: answerHeaders, text: body.toString() });
            return;
          }
          decode(body, String(encoding).trim().toLowerCase(), status).then(
            (inflated) => resolve({ status, headers: answerHeaders, text: inflated }),
            reject,
          );
        },
        onResponseError(_, error) {
          fail(
            stopped ??
              new NoAnswer(describe(error), controller !== undefined, status === 0 ? undefined : status, error),
          );
        },
      },
    );
  });
}

async function decode(body: Buffer, encoding: string, status: number): Promise<string> {
  if (encoding === 'identity') return body.toString();
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    throw new NoAnswer(`the answer is encoded as ${encoding.slice(0, 50)}, which was not asked for`, true, status);
  try {
    return (await promisify(gunzip)(body, { maxOutputLength: MAX_ANSWER_BYTES })).toString();
  } catch (error) {
    throw new NoAnswer('the answer is not readable gzip', true, status, error);
  }
}

/** undici's and Node's errors name a code; their texts hold no header and no body. */
function describe(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ? `${error.message || 'connection failed'} (${code})` : error.message;
}
