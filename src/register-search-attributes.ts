import type { OperatorService } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

/** temporal.api.enums.v1.IndexedValueType */
const KEYWORD = 2;

export interface Registration {
  readonly registered: readonly string[];
  readonly existing: readonly string[];
}

/** Registers the search attributes that the namespace doesn't have yet. Throws where one of them is of another type, and whatever the server says. */
export async function registerSearchAttributes(service: OperatorService, namespace: string): Promise<Registration> {
  const existing = await listOurs(service, namespace);
  const missing = SEARCH_ATTRIBUTES.filter((name) => !existing.includes(name));
  if (missing.length === 0) return { registered: [], existing };
  try {
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    await service.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    // Another worker that starts at this moment does the same.
    const now = await listOurs(service, namespace);
    if (missing.some((name) => !now.includes(name))) throw error;
  }
  return { registered: missing, existing };
}

async function listOurs(service: OperatorService, namespace: string): Promise<string[]> {
  const { customAttributes } = await service.listSearchAttributes({ namespace });
  const ours = SEARCH_ATTRIBUTES.filter((name) => name in customAttributes);
  const otherwise = ours.filter((name) => customAttributes[name] !== KEYWORD);
  if (otherwise.length === 0) return ours;
  throw new Error(
    `${otherwise.join(', ')}: registered in namespace ${namespace}, but not as Keyword. Remove it there first`,
  );
}
