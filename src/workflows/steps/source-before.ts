import type { InputOf, OutputOf } from '../../operations/index.ts';
import type { MASK as ScrubberMask } from '../../secrets/scrubber.ts';
import { follows } from './changes.ts';

type SourceUpdate = InputOf<'updateSource'>['sourceUpdate'];

/** How a source was, as far as an update can make it so again. */
export interface SourceBefore {
  /** What to send to put it back. */
  readonly restore: SourceUpdate;
  /** What can't be put back, in words: to be said before anybody approves the change. */
  readonly lost: readonly string[];
}

/** The members that an update of a source's input may name, by type; the API refuses all others. */
const UPDATABLE: Readonly<Record<string, readonly string[]>> = {
  json: ['url', 'uniqueIDColumn', 'method'],
  csv: ['url', 'uniqueIDColumn', 'mapping', 'method', 'delimiter'],
  bigquery: ['projectID', 'datasetID', 'dataType', 'table', 'tablePrefix', 'customSQLRequest', 'uniqueIDColumn'],
  ga4BigqueryExport: ['projectID', 'datasetID', 'tablePrefix'],
  commercetools: [
    'storeKeys',
    'locales',
    'url',
    'fallbackIsInStockValue',
    'productQueryPredicate',
    'useImagesObjects',
    'customFields',
  ],
  shopify: ['featureFlags'],
  algoliaIndex: ['indexName', 'filters'],
};

/** What stands in an answer where the worker has taken a credential out. */
const MASK: typeof ScrubberMask = '[secret]';

/** An update of these gives the whole input again; one of any other type adds to it. */
const WHOLE_INPUT = new Set(['json', 'csv', 'bigquery', 'ga4BigqueryExport']);

/** What it would take to undo an update of this source. */
export function sourceBefore(source: OutputOf<'getSource'>, update: SourceUpdate): SourceBefore {
  const lost: string[] = [];
  const restore: Record<string, unknown> = {};
  if (update.name !== undefined) restore.name = source.name;
  if (update.authenticationID !== undefined) {
    if (source.authenticationID) restore.authenticationID = source.authenticationID;
    else lost.push('authenticationID: it had none, and an update cannot take one away');
  }
  if (update.input !== undefined) {
    const known = UPDATABLE[source.type];
    const before = Object.entries(source.input ?? {}).filter(
      ([name, value]) => value !== null && value !== undefined && known?.includes(name),
    );
    const masked = before.filter(([, value]) => JSON.stringify(value).includes(MASK)).map(([name]) => `input.${name}`);
    if (masked.length > 0 && follows('write no mask'))
      lost.push(
        `input: what stands in ${masked.join(', ')} is a credential of the worker's, which history does not hold`,
      );
    else if (known && before.length > 0) restore.input = Object.fromEntries(before);
    if (!known) lost.push(`input: Algolia does not tell what the configuration of a ${source.type} source was`);
    else if (!WHOLE_INPUT.has(source.type)) {
      const added = Object.keys(update.input).filter((name) => !before.some(([other]) => other === name));
      lost.push(...added.map((name) => `input.${name}: it was not set, and an update cannot take it away`));
    }
  }
  return { restore: restore as SourceUpdate, lost };
}

/** The members of a source that an update would change, as they are now. */
export function changedMembers(source: OutputOf<'getSource'>, update: SourceUpdate): object {
  return Object.fromEntries(Object.keys(update).map((name) => [name, source[name] ?? null]));
}

/** What was sent, and the time of change that Algolia answered, if it did. */
export type Updated = InputOf<'updateSource'> & { updatedAt?: string | null | undefined };

/** Whether a source is now neither as the update made it nor as it was. Algolia may keep an update in another form, which its time of change tells. */
export function isChangedSince(
  { sourceUpdate, updatedAt }: Updated,
  restore: SourceUpdate,
  now: OutputOf<'getSource'>,
): boolean {
  return !(updatedAt && updatedAt === now.updatedAt) && !holds(now, sourceUpdate) && !holds(now, restore);
}

/** Whether everything that is wanted is there. What the API blanks can't be compared. */
function holds(actual: unknown, wanted: unknown): boolean {
  if (actual === null || actual === undefined) return true;
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted))
    return JSON.stringify(actual) === JSON.stringify(wanted);
  return Object.entries(wanted).every(([name, value]) => holds((actual as Record<string, unknown>)[name], value));
}
