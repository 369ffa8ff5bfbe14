import type { PushRecord } from '../operations/push.ts';
import type { Item, Position } from '../records/item.ts';
import type { RecordsAccess, RecordsReference } from '../records/open-records.ts';
import { readItems } from '../records/read-items.ts';
import { RecordsError } from '../records/records-error.ts';
import { showUri } from '../records/show-uri.ts';

/** Where a push takes its records from: somewhere else, as `version` of it, or its own input. */
export type RecordsSource =
  | { readonly recordsRef: RecordsReference; readonly version: string }
  | { readonly records: readonly PushRecord[] };

export interface OpenSource {
  readonly items: AsyncIterable<readonly Item[]>;
  readonly close: () => Promise<void>;
}

/** Names a source in messages. */
export const nameOf = (source: RecordsSource): string =>
  'records' in source ? 'input.records' : showUri(source.recordsRef.uri);

/** Opens a source at a position; one that isn't what it was when the push began is refused. */
export async function openSource(
  source: RecordsSource,
  access: RecordsAccess,
  options: { readonly from: Position; readonly maxBytes: number; readonly signal?: AbortSignal },
): Promise<OpenSource> {
  if ('records' in source) return { items: inlineItems(source.records, options.from), close: async () => undefined };
  const reader = await readItems(source.recordsRef, access, options);
  if (reader.version === source.version) return reader;
  await reader.close();
  throw new RecordsError(
    'RecordsInvalid',
    `${nameOf(source)}: it was changed while it was being pushed; push it again from its beginning`,
  );
}

async function* inlineItems(records: readonly PushRecord[], { items }: Position): AsyncGenerator<Item[]> {
  yield records.slice(items).map((value, index) => ({ number: items + index + 1, content: { kind: 'value', value } }));
}
