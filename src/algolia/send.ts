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
export function send(pool: Pool, request: AlgoliaRequest, options: Options): Promise<Answer> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted();
    const exchange = new Exchange(options, resolve, reject);
    pool.dispatch(
      {
        path: request.path,
        method: request.method,
        headers: options.headers,
        body: request.body ?? null,
        headersTimeout: options.timeoutMs,
        bodyTimeout: Math.min(BODY_GAP_TIMEOUT_MS, options.timeoutMs),
      },
      exchange,
    );
  });
}

/** What undici tells of one request, the deadline and the signal, together: a class, so that a call makes no functions. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: Options;
  readonly #resolve: (answer: Answer | Promise<Answer>) => void;
  readonly #reject: (error: unknown) => void;
  readonly #deadline: NodeJS.Timeout;
  /** Present from when the request is written. */
  #controller: Dispatcher.DispatchController | undefined;
  #stopped: Error | undefined;
  #status = 0;
  #headers: Answer['headers'] = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(options: Options, resolve: (answer: Answer | Promise<Answer>) => void, reject: (error: unknown) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadline = setTimeout(expire, options.timeoutMs + CONNECT_TIMEOUT_MS, this);
    options.signal?.addEventListener('abort', this, { once: true });
  }

  expire(): void {
    const totalMs = this.#options.timeoutMs + CONNECT_TIMEOUT_MS;
    this.#stop(new NoAnswer(`no complete answer within ${totalMs / 1000} s`, this.#controller !== undefined));
  }

  /** The signal's abort. */
  handleEvent(): void {
    const reason: unknown = this.#options.signal?.reason;
    this.#stop(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (performance.now() > this.#options.notAfter)
      this.#stopped ??= new NoAnswer('it took too long to get to sending', false);
    if (this.#stopped) controller.abort(this.#stopped);
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
    else this.#stop(new NoAnswer(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`, true, this.#status));
  }

  onResponseEnd(): void {
    this.#settle();
    const status = this.#status;
    const headers = this.#headers;
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#bytes);
    const encoding = headers['content-encoding'];
    this.#resolve(
      encoding === undefined || body.length === 0
        ? { status, headers, text: textOf(body) }
        : decode(body, String(encoding).trim().toLowerCase(), status).then((text) => ({ status, headers, text })),
    );
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const status = this.#status === 0 ? undefined : this.#status;
    this.#fail(this.#stopped ?? new NoAnswer(describe(error), this.#controller !== undefined, status, error));
  }

  /** Ends the exchange. What is still waiting for a connection is given up at once and never written. */
  #stop(error: Error): void {
    this.#stopped ??= error;
    if (this.#controller) this.#controller.abort(this.#stopped);
    else this.#fail(this.#stopped);
  }

  #fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    clearTimeout(this.#deadline);
    this.#options.signal?.removeEventListener('abort', this);
  }
}

const expire = (exchange: Exchange) => exchange.expire();

/** JSON may begin with a byte order mark, says RFC 8259, and a parser may ignore it: Node's doesn't. */
function textOf(body: Buffer): string {
  const text = body.toString();
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

async function decode(body: Buffer, encoding: string, status: number): Promise<string> {
  if (encoding === 'identity') return textOf(body);
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    throw new NoAnswer(`the answer is encoded as ${encoding.slice(0, 50)}, which was not asked for`, true, status);
  try {
    return textOf(await promisify(gunzip)(body, { maxOutputLength: MAX_ANSWER_BYTES }));
  } catch (error) {
    throw new NoAnswer('the answer is not readable gzip', true, status, error);
  }
}

/** undici's and Node's errors name a code; their texts hold no header and no body. */
function describe(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ? `${error.message || 'connection failed'} (${code})` : error.message;
}
