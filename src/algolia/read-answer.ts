import type { z } from 'zod';
import type { Operation } from '../operations/operation.ts';
import { AlgoliaError, type AlgoliaErrorDetails, type AlgoliaErrorType } from './algolia-error.ts';
import { describeIssues } from './check-input.ts';
import type { Answer } from './send.ts';

const INVALID_STATUSES = new Set([400, 402, 404, 405, 409, 413, 422]);
const RETRYABLE_STATUSES = new Set([408, 425]);
/** Algolia's messages are a sentence; a proxy's page is not. */
const MAX_MESSAGE_CHARACTERS = 500;

/** A complete answer as the operation's result, or as the one error that says what to do next. */
export function readAnswer<O extends Operation>(
  name: string,
  operation: O,
  answer: Answer,
  base: AlgoliaErrorDetails,
): z.output<O['response']> {
  const details: AlgoliaErrorDetails = { ...base, status: answer.status, ...correlation(answer) };
  if (answer.status < 200 || answer.status > 299) throw refusal(name, operation, answer, details);

  const unreadable = (why: string, cause?: unknown) =>
    new AlgoliaError(unanswered(operation), `${name}: answered ${answer.status}, but ${why}`, details, cause);
  let value: unknown;
  try {
    value = answer.text === '' ? emptyAnswer(operation) : JSON.parse(answer.text);
  } catch {
    throw unreadable(`the answer is not JSON (${contentType(answer)})`);
  }
  const parsed = operation.response.safeParse(value);
  if (parsed.success) return parsed.data as z.output<O['response']>;
  throw unreadable(`the answer is not what the API describes: ${describeIssues(parsed.error.issues, 'answer')}`);
}

/** The request may have reached the server and there is no telling: only what is safe to repeat may be tried again. */
export function unanswered(operation: Operation): AlgoliaErrorType {
  return operation.effect === 'once' ? 'AlgoliaAmbiguous' : 'AlgoliaUnavailable';
}

/** Deletes may answer 204; of anything else an empty answer says too little. */
const emptyAnswer = (operation: Operation): unknown => (operation.method === 'DELETE' ? {} : null);

function refusal(name: string, operation: Operation, answer: Answer, details: AlgoliaErrorDetails): AlgoliaError {
  const { status } = answer;
  const said = saidBy(answer);
  const full = { ...details, ...said };
  const message = `${name}: answered ${status}${said.algoliaMessage ? `: ${said.algoliaMessage}` : ` (${contentType(answer)})`}`;
  if (status === 401 || status === 403) return new AlgoliaError('AlgoliaAuth', message, full);
  if (status === 429) return new AlgoliaError('AlgoliaRateLimited', message, { ...full, ...retryAfter(answer) });
  if (status >= 300 && status < 400)
    return new AlgoliaError(unanswered(operation), `${message}: redirects are not followed`, full);
  if (INVALID_STATUSES.has(status) || (status >= 400 && status < 500 && !RETRYABLE_STATUSES.has(status))) {
    return new AlgoliaError('AlgoliaInvalid', message, full);
  }
  return new AlgoliaError(unanswered(operation), message, { ...full, ...retryAfter(answer) });
}

function saidBy(answer: Answer): Pick<AlgoliaErrorDetails, 'algoliaMessage' | 'code'> {
  try {
    const { message, error } = JSON.parse(answer.text) as { message?: unknown; error?: { code?: unknown } | null };
    return {
      ...(typeof message === 'string' && message !== ''
        ? { algoliaMessage: message.slice(0, MAX_MESSAGE_CHARACTERS) }
        : {}),
      ...(typeof error?.code === 'string' ? { code: error.code } : {}),
    };
  } catch {
    const page = answer.text
      .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    return page === '' ? {} : { algoliaMessage: page.slice(0, MAX_MESSAGE_CHARACTERS) };
  }
}

/** Seconds or an HTTP date, clamped to 1–300 s; none: the caller's own backoff. */
function retryAfter(answer: Answer): Pick<AlgoliaErrorDetails, 'retryAfterMs'> {
  const value = header(answer, 'retry-after');
  if (value === undefined) return {};
  const ms = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? {} : { retryAfterMs: Math.round(Math.min(Math.max(ms, 1_000), 300_000)) };
}

function correlation(answer: Answer): Pick<AlgoliaErrorDetails, 'correlationID'> {
  const id = header(answer, 'correlation-id');
  return id === undefined ? {} : { correlationID: id };
}

const contentType = (answer: Answer) => header(answer, 'content-type') ?? 'no content type';

function header(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
