import { ApplicationFailure, cancellationSignal, log } from '@temporalio/activity';
import { request } from 'undici';
import type { Channel } from '../approvals/channel.ts';
import { SecretUnavailable } from '../secrets/secret-store.ts';
import { isSecure } from '../secure-url.ts';

/** Something that people should know. The whole of it goes to a webhook; Slack gets title and text. */
export interface Notice {
  /** The same for every attempt to deliver it, so that a receiver can tell a repeat. */
  readonly id: string;
  /** What happened, such as `approval.requested` or `connector.stale`. */
  readonly kind: string;
  readonly title: string;
  readonly text: string;
  /** ISO 8601, by the workflow's clock. */
  readonly at: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Whatever a program would want to know. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface NotifyInput {
  /** A channel of the file that `APPROVAL_POLICIES` names. */
  readonly channel: string;
  readonly notice: Notice;
}

/** Delivers one notice to one channel, or throws. */
export type Post = (channel: string, notice: Notice) => Promise<void>;

const TIMEOUT_MS = 10_000;
/** Slack refuses longer texts. */
const MAX_SLACK_TEXT = 2_900;

export interface NotifyOptions {
  readonly channels: Readonly<Record<string, Channel>>;
  readonly reveal: (reference: string) => Promise<string>;
  readonly userAgent: string;
}

/** Tells people something by webhook or Slack. Delivered at least once; the retries are Temporal's. */
export function createNotify(post: Post) {
  return async function notify({ channel, notice }: NotifyInput): Promise<void> {
    await post(channel, notice);
    log.debug('notified', { channel, kind: notice.kind });
  };
}

export function createPost({ channels, reveal, userAgent }: NotifyOptions): Post {
  const read = (value: string | { readonly $secret: string }) =>
    typeof value === 'string' ? value : reveal(value.$secret);

  return async function post(name, notice) {
    const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
    if (!channel) throw refused(`there is no channel '${name}' in the approval policies of this worker`);
    try {
      const url = addressOf(name, await read(channel.url));
      const headers: Record<string, string> = {};
      for (const [header, value] of Object.entries(channel.headers)) headers[header.toLowerCase()] = await read(value);
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'user-agent': userAgent,
          'idempotency-key': encodeURIComponent(notice.id),
        },
        body: JSON.stringify(channel.type === 'slack' ? slackMessage(notice) : notice),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
        signal: AbortSignal.any([cancellationSignal(), AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await body.dump();
      if (statusCode >= 200 && statusCode < 300) return;
      const passing = statusCode >= 500 || statusCode === 408 || statusCode === 429;
      throw passing
        ? undelivered(name, `it answered ${statusCode}`)
        : refused(`channel '${name}' answered ${statusCode}`);
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      if (error instanceof SecretUnavailable) throw refused(`channel '${name}': ${error.message}`);
      throw undelivered(name, codeOf(error));
    }
  };
}

function addressOf(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && isSecure(url)) return url;
  throw refused(`channel '${name}': its secret is no https URL (http on loopback only)`);
}

const slackMessage = ({ title, text }: Notice) => ({
  text: `*${forSlack(title)}*\n${forSlack(text)}`.slice(0, MAX_SLACK_TEXT),
});
/** Slack's own escapes: what a person wrote must not become a mention or a link. */
const forSlack = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Never the message: it may hold the address. */
const codeOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error && typeof error.code === 'string' ? error.code : error.name) : 'unknown';

const refused = (message: string) => ApplicationFailure.nonRetryable(message, 'NoticeRefused');
const undelivered = (name: string, why: string) =>
  ApplicationFailure.create({ type: 'NoticeUndelivered', message: `channel '${name}' cannot be reached: ${why}` });
