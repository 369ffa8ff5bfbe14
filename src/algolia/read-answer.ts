import type { z } from 'zod';
import type { Operation } from '../operations/operation.ts';
import { AlgoliaError, type AlgoliaErrorDetails, type AlgoliaErrorType } from './algolia-error.ts';
import { describeIssues } from './check-input.ts';
import type { Answer } from './send.ts';

/** Refused for now, or before it was looked at. Every other 4xx refuses the request itself. */
const RETRYABLE_STATUSES = new Set([408, 425]);
/** Algolia's messages are a sentence; a proxy's page is not. */
const MAX_MESSAGE_CHARACTERS = 500;
/** So much of a page is searched for its words: enough, and bounded whatever is in it. */
const MAX_PAGE_CHARACTERS = 10_000;
/** Of what should be an identifier. */
const MAX_NAME_CHARACTERS = 100;

type Scrub = (text: string) => string;

/** A complete answer to a call of `startedAt`, free of credentials, as the operation's result, or as the one error that says what to do next. */
export function readAnswer<O extends Operation>(
  name: string,
  operation: O,
  answer: Answer,
  startedAt: number,
  scrub: Scrub,
): z.output<O['response']> {
  if (answer.status < 200 || answer.status > 299)
    throw refusal(name, operation, answer, detailsOf(name, answer, startedAt, scrub), scrub);

  let why: string;
  try {
    const parsed = operation.response.safeParse(valueOf(operation, answer.text, scrub));
    if (parsed.success) return parsed.data as z.output<O['response']>;
    why = `the answer is not what the API describes: ${describeIssues(parsed.error.issues, 'answer')}`;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // It is no cause to keep: the parser quotes the text.
    why = `the answer is not JSON (${contentType(answer)})`;
  }
  throw new AlgoliaError(
    unanswered(operation),
    scrub(`${name}: answered ${answer.status}, but ${why}`),
    detailsOf(name, answer, startedAt, scrub),
  );
}

/** How long a call has taken so far, for the details of its error. */
export const elapsed = (startedAt: number) => ({ requestMs: Math.round(performance.now() - startedAt) });

function detailsOf(name: string, answer: Answer, startedAt: number, scrub: Scrub): AlgoliaErrorDetails {
  const correlationID = header(answer, 'correlation-id');
  return {
    operation: name,
    status: answer.status,
    ...(correlationID === undefined ? {} : { correlationID: scrub(correlationID).slice(0, MAX_NAME_CHARACTERS) }),
    ...elapsed(startedAt),
  };
}

function valueOf(operation: Operation, text: string, scrub: Scrub): unknown {
  if (text === '') return emptyAnswer(operation);
  return operation.answersSecrets ? JSON.parse(text) : parseScrubbed(text, scrub);
}

/** The request may have reached the server and there is no telling: only what is safe to repeat may be tried again. */
export function unanswered(operation: Operation): AlgoliaErrorType {
  return operation.effect === 'once' ? 'AlgoliaAmbiguous' : 'AlgoliaUnavailable';
}

/** Deletes may answer 204; of anything else an empty answer says too little. */
const emptyAnswer = (operation: Operation): unknown => (operation.method === 'DELETE' ? {} : null);

/** Scrubs the values, not the text: that would break the JSON, and miss what is spelled with escapes. */
function parseScrubbed(text: string, scrub: Scrub): unknown {
  const value: unknown = JSON.parse(text);
  return text.includes('\\') || scrub(text) !== text ? scrubValue(value, scrub) : value;
}

function scrubValue(value: unknown, scrub: Scrub): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((item) => scrubValue(item, scrub));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [scrub(name), scrubValue(item, scrub)]));
}

function refusal(
  name: string,
  operation: Operation,
  answer: Answer,
  details: AlgoliaErrorDetails,
  scrub: Scrub,
): AlgoliaError {
  const { status } = answer;
  const said = saidBy(answer, scrub);
  const full = { ...details, ...said };
  const message = `${name}: answered ${status}${said.algoliaMessage ? `: ${said.algoliaMessage}` : ` (${scrub(contentType(answer))})`}`;
  if (status === 401 || status === 403) return new AlgoliaError('AlgoliaAuth', message, full);
  if (status === 429) return new AlgoliaError('AlgoliaRateLimited', message, { ...full, ...retryAfter(answer) });
  if (status >= 300 && status < 400)
    return new AlgoliaError(unanswered(operation), `${message}: redirects are not followed`, full);
  if (status >= 400 && status < 500 && !RETRYABLE_STATUSES.has(status))
    return new AlgoliaError('AlgoliaInvalid', message, full);
  return new AlgoliaError(unanswered(operation), message, { ...full, ...retryAfter(answer) });
}

function saidBy(answer: Answer, scrub: Scrub): Pick<AlgoliaErrorDetails, 'algoliaMessage' | 'code'> {
  try {
    const { message, error } = JSON.parse(answer.text) as { message?: unknown; error?: { code?: unknown } | null };
    return {
      ...(typeof message === 'string' && message !== ''
        ? { algoliaMessage: scrub(message).slice(0, MAX_MESSAGE_CHARACTERS) }
        : {}),
      ...(typeof error?.code === 'string' ? { code: scrub(error.code).slice(0, MAX_NAME_CHARACTERS) } : {}),
    };
  } catch {
    const page = scrub(answer.text)
      .slice(0, MAX_PAGE_CHARACTERS)
      .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    return page === '' ? {} : { algoliaMessage: page.slice(0, MAX_MESSAGE_CHARACTERS) };
  }
}

/** Seconds or an HTTP date, clamped to 1–300 s; none or neither: the caller's own backoff. */
function retryAfter(answer: Answer): Pick<AlgoliaErrorDetails, 'retryAfterMs'> {
  const value = header(answer, 'retry-after')?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(value)
    ? Number(value) * 1000
    : /^[A-Z][a-z]{2}.*\d\d:\d\d:\d\d/.test(value)
      ? Date.parse(value.endsWith(' GMT') ? value : `${value} GMT`) - Date.now()
      : NaN;
  return Number.isNaN(ms) ? {} : { retryAfterMs: Math.round(Math.min(Math.max(ms, 1_000), 300_000)) };
}

const contentType = (answer: Answer) =>
  (header(answer, 'content-type') ?? 'no content type').slice(0, MAX_NAME_CHARACTERS);

function header(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
