import { isIP } from 'node:net';
import { Agent, request } from 'undici';
import { messageOf } from '../message-of.ts';
import { isLoopback, isSecure } from '../secure-url.ts';
import { AddressRefused, assertWithin, lookupWithin, type Reach } from './public-address.ts';
import { RecordsError } from './records-error.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 60_000;
/** Longer than Algolia may ask a push to wait, which holds up the download too. */
const BODY_TIMEOUT_MS = 10 * 60_000;

export interface RecordDownload {
  /** Changes when what is served does, as far as the server tells. */
  readonly version: string;
  readonly contentType: string | undefined;
  readonly body: AsyncIterable<Buffer>;
  readonly close: () => Promise<void>;
}

export interface DownloadOptions {
  /** `host` or `host:port`, as `RECORDS_HOSTS` lists them. */
  readonly hosts: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly userAgent: string;
}

/** Downloads from a listed host, following no redirect and connecting to no private address, whatever its name resolves to. */
export async function openRecordUrl(uri: string, options: DownloadOptions): Promise<RecordDownload> {
  const { url, reach } = checkUrl(uri, options.hosts);
  const shown = url.origin + url.pathname;
  const dispatcher = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, lookup: lookupWithin(reach) },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
  });
  const close = () => dispatcher.destroy();
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher,
      ...(options.signal ? { signal: options.signal } : {}),
      headers: { 'user-agent': options.userAgent, 'accept-encoding': 'identity' },
    });
    // Destroying the agent ends the body with an error that nobody waits for.
    body.on('error', () => undefined);
    if (statusCode !== 200) throw refusedBy(statusCode, shown);
    const header = (name: string) => (Array.isArray(headers[name]) ? headers[name][0] : headers[name]);
    const version = header('etag') ?? header('last-modified') ?? '';
    return {
      version: `${version} ${header('content-length') ?? ''}`.trim(),
      contentType: header('content-type'),
      body,
      close,
    };
  } catch (error) {
    await close();
    options.signal?.throwIfAborted();
    throw asRecordsError(error, shown);
  }
}

function checkUrl(uri: string, hosts: readonly string[]): { url: URL; reach: Reach } {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const refuse = (why: string) =>
    new RecordsError('RecordsRefused', `${url ? url.origin + url.pathname : uri}: ${why}`);
  if (!url) throw refuse('not a URL');
  if (url.username || url.password) throw refuse('a URL may not hold a user or password');
  const reach: Reach = isLoopback(url.hostname) ? 'loopback' : 'public';
  if (!isSecure(url)) throw refuse('only https is allowed (http on loopback)');
  if (!hosts.includes(url.hostname) && !hosts.includes(url.host))
    throw refuse(`the host ${url.host} is not listed in this worker's RECORDS_HOSTS`);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is connected to without any lookup.
  if (isIP(literal)) {
    try {
      assertWithin(reach, literal);
    } catch (error) {
      throw asRecordsError(error, url.origin + url.pathname);
    }
  }
  return { url, reach };
}

function refusedBy(status: number, shown: string): RecordsError {
  if (status >= 300 && status < 400)
    return new RecordsError(
      'RecordsRefused',
      `${shown}: answered ${status}: redirects are not followed; give the URL it leads to`,
    );
  const passing = status >= 500 || status === 408 || status === 425 || status === 429;
  return new RecordsError(passing ? 'RecordsUnavailable' : 'RecordsInvalid', `${shown}: answered ${status}`);
}

function asRecordsError(error: unknown, shown: string): RecordsError {
  if (error instanceof RecordsError) return error;
  if (error instanceof AddressRefused) return new RecordsError('RecordsRefused', `${shown}: ${error.message}`, error);
  return new RecordsError('RecordsUnavailable', `${shown}: ${messageOf(error)}`, error);
}
