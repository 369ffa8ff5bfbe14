import type { OperatorService } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

/** temporal.api.enums.v1.IndexedValueType */
const KEYWORD = 2;

export interface Registration {
  readonly registered: readonly string[];
  readonly existing: readonly string[];
}

/** Registers the search attributes that the namespace doesn't have yet. Throws, when that is done, where another is of another type; and whatever the server says. */
export async function registerSearchAttributes(service: OperatorService, namespace: string): Promise<Registration> {
  const { existing, missing, otherwise } = await look(service, namespace);
  try {
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    if (missing.length > 0) await service.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    // Another worker that starts at this moment does the same.
    if ((await look(service, namespace)).missing.length > 0) throw error;
  }
  if (otherwise.length === 0) return { registered: missing, existing };
  throw new Error(
    `${otherwise.join(', ')}: registered in namespace ${namespace}, but not as Keyword. Remove it there first`,
  );
}

async function look(service: OperatorService, namespace: string) {
  const { customAttributes } = await service.listSearchAttributes({ namespace });
  const existing = SEARCH_ATTRIBUTES.filter((name) => name in customAttributes);
  return {
    existing,
    missing: SEARCH_ATTRIBUTES.filter((name) => !existing.includes(name)),
    otherwise: existing.filter((name) => customAttributes[name] !== KEYWORD),
  };
}
