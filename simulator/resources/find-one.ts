import { z } from 'zod';
import type { Collection } from '../collection.ts';
import { badRequest, notFound } from '../http/api-error.ts';
import { parseBody } from '../wire/parse-body.ts';

/** The resource a path names, or a 404. */
export function findOne<T extends object>(collection: Collection<T>, what: string, id: string): T {
  const found = collection.get(id);
  if (!found) throw notFound(what, id);
  return found;
}

/** Refuses a body that refers to what isn't there. */
export function requireExisting<T extends object>(
  collection: Collection<T>,
  what: string,
  ids: readonly (string | undefined)[],
): void {
  const missing = ids.find((id) => id !== undefined && !collection.get(id));
  if (missing !== undefined) throw badRequest(`${what} ${missing} does not exist`);
}

/** What a search body asks for: ids that are unknown are simply absent. */
export function findMany<T extends object>(collection: Collection<T>, member: string, body: unknown): T[] {
  const ids = parseBody(z.strictObject({ [member]: z.array(z.string()) }), body)[member] ?? [];
  return [...new Set(ids)].flatMap((id) => collection.get(id) ?? []);
}
