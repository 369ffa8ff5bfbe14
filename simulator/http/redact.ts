import { isObject } from '../is-object.ts';
import { PUBLIC_MEMBERS } from '../wire/authentication-body.ts';

/** In place of credentials. */
const REDACTED = '[redacted]';

const SECRET_NAME = /secret|password|passwd|token|credential|private_?key|api_?key|access_?key|authorization/i;
const BIG_BODY_BYTES = 4_096;

/** A body as the request log keeps it: no credentials, and of a large batch of records only which they were. */
export function redactBody(operation: string, body: unknown, bytes: number): unknown {
  if (operation === 'unknown') return blankAll(body);
  if (!isObject(body)) return body;
  if (Array.isArray(body.records) && bytes > BIG_BODY_BYTES) return summarizeBatch(body, body.records, bytes);
  if (operation.endsWith('Authentication'))
    return { ...body, ...('input' in body && { input: blankInput(body.input) }) };
  return blankSecrets(body);
}

/** The query without the credentials that may be in it. */
export function redactQuery(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    [...query].map(([name, value]) => [
      name,
      name !== 'x-algolia-api-key' && !SECRET_NAME.test(name) ? value : REDACTED,
    ]),
  );
}

function blankInput(input: unknown): unknown {
  if (!isObject(input)) return input === undefined ? undefined : REDACTED;
  return mapValues(input, (value, name) => (PUBLIC_MEMBERS.has(name) ? value : REDACTED));
}

function blankSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(blankSecrets);
  if (typeof value === 'string') return withoutPasswords(value);
  if (!isObject(value)) return value;
  return mapValues(value, (item, name) => {
    if (name === 'configuration') return blankAll(item);
    if (name === 'authentications' && Array.isArray(item))
      return item.map((one: unknown) => (isObject(one) ? { ...one, input: blankInput(one.input) } : REDACTED));
    return SECRET_NAME.test(name) && typeof item === 'string' ? REDACTED : blankSecrets(item);
  });
}

/** A connector's configuration may hold credentials under any name: only the names are kept. */
function blankAll(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(blankAll);
  if (isObject(value)) return mapValues(value, blankAll);
  return value === undefined ? undefined : REDACTED;
}

function summarizeBatch(body: Record<string, unknown>, records: readonly unknown[], bytes: number): unknown {
  const idOf = (record: unknown) => (isObject(record) ? record.objectID : undefined);
  return { ...body, records: { count: records.length, bytes, first: idOf(records[0]), last: idOf(records.at(-1)) } };
}

const mapValues = (value: Record<string, unknown>, change: (item: unknown, name: string) => unknown) =>
  Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item, name)]));

/** A URL may carry a user and a password. */
export const withoutPasswords = (text: string) => text.replace(/\/\/[^/@\s]*@/g, `//${REDACTED}@`);
