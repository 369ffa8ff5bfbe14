import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ApiError } from './api-error.ts';

const inflate = promisify(gunzip);

/** The request's body, inflated; refuses what is larger than allowed, but reads it to its end so that the answer gets through. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  if (bytes > maxBytes) throw tooLarge(maxBytes);
  const body = Buffer.concat(chunks);
  if (request.headers['content-encoding'] !== 'gzip' || body.length === 0) return body.toString();
  try {
    return (await inflate(body, { maxOutputLength: maxBytes })).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new ApiError(400, 'The body is not valid gzip');
  }
}

export function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, 'Invalid JSON in the body of the request');
  }
}

const tooLarge = (maxBytes: number) =>
  new ApiError(413, `The body of the request is larger than the ${maxBytes} bytes that are accepted`);
