import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import proto from '@temporalio/proto';
import type { PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import type { CodecKey } from './codec-keys.ts';
import { CodecError, createPayloadCodec } from './payload-codec.ts';

const { Payloads } = proto.temporal.api.common.v1;
/** Protobuf JSON: bytes are base64. Protobuf's own reader takes anything for an empty message. */
const Body = z.looseObject({
  payloads: z.array(
    z.looseObject({ metadata: z.record(z.string(), z.string()).nullish(), data: z.string().nullish() }),
  ),
});

/** A page of the Web UI asks for some dozens of payloads at once, each of at most 2 MB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

export interface CodecServerOptions {
  readonly keys: readonly CodecKey[];
  /** 0, the default: any that is free. */
  readonly port?: number;
  /** Default: loopback. The server asks nobody who they are, so anything else wants a proxy in front that does. */
  readonly host?: string;
  /** Where Web UIs are served, such as `https://temporal.example.com`. Without any: pages on this machine. */
  readonly origins?: readonly string[];
}

export interface CodecServer {
  readonly url: string;
  stop(): Promise<void>;
}

export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** Decrypts and encrypts payloads for the Web UI and the `temporal` CLI: `POST /decode` and `POST /encode`. */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { keys, port = 0, host = '127.0.0.1', origins = [] } = options;
  const codec = createPayloadCodec(keys);
  const isAllowed = (origin: string) => (origins.length > 0 ? origins.includes(origin) : LOOPBACK_ORIGIN.test(origin));
  const server = createServer((request, response) => {
    void answer(request, codec, isAllowed).then((reply) => send(response, reply));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A page from elsewhere must not read through the browser of whoever runs this. */
async function answer(
  request: IncomingMessage,
  codec: PayloadCodec,
  isAllowed: (origin: string) => boolean,
): Promise<Reply> {
  const { origin } = request.headers;
  if (origin !== undefined && !isAllowed(origin))
    return { status: 403, body: { message: `origin ${origin} is not allowed` } };
  const headers: Record<string, string> =
    origin === undefined ? {} : { 'access-control-allow-origin': origin, vary: 'origin' };
  if (request.method === 'OPTIONS') return { status: 204, headers: { ...headers, ...PREFLIGHT } };
  const reply = await answerPost(request, codec);
  return { ...reply, headers: { ...headers, ...reply.headers } };
}

const PREFLIGHT = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'content-type,x-namespace,authorization',
  'access-control-allow-private-network': 'true',
  'access-control-max-age': '600',
};

async function answerPost(request: IncomingMessage, codec: PayloadCodec): Promise<Reply> {
  // The Web UI asks for /decode?preserveStorageRefs=true, and a proxy may have put a prefix before it.
  // Whoever asks writes the rest as they like: not every target is a URL.
  const [path = ''] = (request.url ?? '').split('?', 1);
  const act = /\/(encode|decode)$/.exec(path)?.[1] as 'encode' | 'decode' | undefined;
  if (request.method !== 'POST' || act === undefined)
    return { status: 404, body: { message: 'this codec server answers POST /encode and POST /decode' } };
  try {
    const { payloads } = Payloads.fromObject(Body.parse(JSON.parse(await readBody(request))));
    const coded = await codec[act](payloads);
    return { status: 200, body: Payloads.toObject(Payloads.create({ payloads: coded }), { bytes: String }) };
  } catch (error) {
    if (error instanceof TooLarge)
      return { status: 413, headers: { connection: 'close' }, body: { message: error.message } };
    // The reader's message repeats nothing of the body.
    const message = error instanceof CodecError ? error.message : 'expected {"payloads": […]} as protobuf JSON';
    return { status: 400, body: { message } };
  }
}

class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new TooLarge(`a request may hold ${MAX_BODY_BYTES} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, headers = {}, body }: Reply): void {
  response.writeHead(status, { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
