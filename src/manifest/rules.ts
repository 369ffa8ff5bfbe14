import { PUBLIC_MEMBERS } from '../operations/authentications.ts';
import type { ResourceKind } from '../operations/resource-kinds.ts';
import type { Rules } from './compare.ts';

/** An update of a source of these types gives the whole input again; one of any other type adds to it. */
const WHOLE_INPUT = new Set(['json', 'csv', 'bigquery', 'ga4BigqueryExport']);

/** What no update can change: another one has to be made. */
const IMMUTABLE: Readonly<Record<ResourceKind, readonly string[]>> = {
  authentication: ['type', 'platform'],
  source: ['type', 'input.projectKey', 'input.shopURL', 'input.image'],
  transformation: [],
  destination: ['type'],
  task: ['sourceID'],
};

/** What is to be gone when the manifest doesn't mention it. Everything else is left as it is: Algolia fills in much by itself. */
const ABSENT_IS_NONE: Readonly<Record<ResourceKind, readonly string[]>> = {
  authentication: [],
  source: [],
  transformation: ['description', 'authenticationIDs', 'input'],
  destination: ['transformationIDs', 'input.attributesToExclude'],
  task: ['cron', 'subscriptionAction', 'input'],
};

const DEFAULTS: Readonly<Record<ResourceKind, Rules['defaults']>> = {
  authentication: {},
  source: { 'input.method': 'GET', 'input.delimiter': ',', 'input.fallbackIsInStockValue': true },
  transformation: {},
  destination: {},
  task: { enabled: true },
};

const isIn = (field: string, fields: readonly string[]): boolean =>
  fields.some((other) => field === other || field.startsWith(`${other}.`));

export const isWholeInput = (kind: ResourceKind, type: unknown): boolean =>
  kind === 'source' && WHOLE_INPUT.has(String(type));

export const isImmutable = (kind: ResourceKind, type: unknown, field: string): boolean =>
  isIn(field, IMMUTABLE[kind]) || (kind === 'source' && type === 'bigcommerce' && isIn(field, ['input']));

export function rulesFor(kind: ResourceKind, type: unknown): Rules {
  const noneFields = [
    ...ABSENT_IS_NONE[kind],
    ...(isWholeInput(kind, type) ? ['input'] : []),
    ...(type === 'docker' ? ['input.configuration'] : []),
  ];
  return {
    absentIsNone: (field) => isIn(field, noneFields),
    untold: (field, is) => isUntold(kind, type, field, is),
    defaults: DEFAULTS[kind],
  };
}

/** Credentials are answered as null. Which names of a docker configuration or of `secrets` there are is told. */
function isUntold(kind: ResourceKind, type: unknown, field: string, is: null | undefined): boolean {
  if (kind === 'source' && type === 'docker' && isIn(field, ['input.configuration']))
    return is === null || field === 'input.configuration';
  if (kind !== 'authentication' || !field.startsWith('input.')) return false;
  return type === 'secrets' ? is === null : !PUBLIC_MEMBERS.has(field.slice('input.'.length));
}

/** Whether nobody can make this empty again, so that leaving it out of a manifest has no effect. */
export function canNotBeTakenAway(kind: ResourceKind, type: unknown, field: string): boolean {
  if (rulesFor(kind, type).absentIsNone(field)) return false;
  if (kind === 'source') return isIn(field, ['input', 'authenticationID']);
  return kind === 'destination' && isIn(field, ['input.recordType', 'authenticationID']);
}
