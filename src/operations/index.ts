import type { z } from 'zod';
import { authentications } from './authentications.ts';
import { custom } from './custom.ts';
import { destinations } from './destinations.ts';
import type { Effect } from './operation.ts';
import { push } from './push.ts';
import { runs } from './runs.ts';
import { sources } from './sources.ts';
import { tasks } from './tasks.ts';
import { transformations } from './transformations.ts';

/** Every HTTP operation of Algolia's Ingestion API, by its operationId. */
export const operations = {
  ...authentications,
  ...destinations,
  ...sources,
  ...tasks,
  ...transformations,
  ...runs,
  ...push,
  ...custom,
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;
/** The operations with this effect, by name. */
export type WithEffect<E extends Effect> = {
  [N in OperationName]: Operations[N]['effect'] extends E ? N : never;
}[OperationName];

/** What a caller passes: Algolia's shapes, with `{"$secret": …}` for credentials. */
export type InputOf<N extends OperationName> = z.input<Operations[N]['input']>;
/** What a caller gets: the members we rely on are typed, all others kept. */
export type OutputOf<N extends OperationName> = z.output<Operations[N]['response']>;

export const operationNames = Object.keys(operations) as OperationName[];
