import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const deflate = promisify(gzip);
const WORTH_COMPRESSING_BYTES = 1_024;
const CHUNK_BYTES = 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One answer on its way out, honest or spoilt. Nothing happens any more once the client is gone. */
export interface Reply {
  json(answer: Answer): Promise<void>;
  raw(status: number, headers: Record<string, string>, body: string | Buffer): void;
  /** Begins the answer, and sends half of it. */
  half(answer: Answer): Promise<void>;
  /** Sends the answer byte by byte. */
  drip(answer: Answer, everyMs: number): Promise<void>;
  /** Sends so many bytes, as fast as they are taken. */
  flood(bytes: number): Promise<void>;
  /** Ends the connection in order, whatever is missing. */
  end(): void;
  /** Drops the connection. */
  reset(): void;
  /** Leaves the client waiting. */
  abandon(): void;
}

export interface ReplyOptions {
  readonly correlationID: string;
  readonly compress: boolean;
  readonly onStatus: (status: number) => void;
}

export function createReply(
  request: IncomingMessage,
  response: ServerResponse,
  { correlationID, compress, onStatus }: ReplyOptions,
): Reply {
  const raw: Reply['raw'] = (status, headers, body) => {
    onStatus(status);
    if (response.destroyed) return;
    response.writeHead(status, {
      'correlation-id': correlationID,
      ...headers,
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  return {
    raw,
    async json({ status, body, headers = {} }) {
      const text = JSON.stringify(body);
      const accepted = compress && String(request.headers['accept-encoding'] ?? '').includes('gzip');
      const type = { 'content-type': 'application/json; charset=utf-8', ...headers };
      if (!accepted || text.length < WORTH_COMPRESSING_BYTES) return raw(status, type, text);
      return raw(status, { ...type, 'content-encoding': 'gzip' }, await deflate(text, { level: 1 }));
    },
    async half({ status, body }) {
      onStatus(status);
      const text = Buffer.from(JSON.stringify(body));
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
      await new Promise<void>((resolve) => {
        response.write(text.subarray(0, Math.floor(text.length / 2)), () => resolve());
      });
    },
    async drip({ status, body }, everyMs) {
      onStatus(status);
      const text = Buffer.from(JSON.stringify(body));
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
      for (let sent = 0; sent < text.length && !response.destroyed; sent += 1) {
        response.write(text.subarray(sent, sent + 1));
        await delay(everyMs);
      }
      response.end();
    },
    async flood(bytes) {
      onStatus(200);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes });
      const chunk = Buffer.alloc(CHUNK_BYTES, ' ');
      const gone = once(response, 'close');
      for (let sent = 0; sent < bytes && !response.destroyed; sent += chunk.length)
        if (!response.write(chunk)) await Promise.race([once(response, 'drain'), gone]);
      response.end();
    },
    end: () => void response.socket?.end(),
    reset: () => void response.socket?.resetAndDestroy(),
    abandon: () => {},
  };
}
