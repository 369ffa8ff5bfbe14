import type { ResourceKind } from '../operations/resource-kinds.ts';

/** How one resource refers to others: in a manifest by name, or by Algolia's own member, which takes ids. */
export interface Reference {
  readonly to: ResourceKind;
  /** The member of a manifest's entry that takes names. */
  readonly by: string;
  /** The member of Algolia's that takes ids. */
  readonly id: string;
  readonly many: boolean;
  readonly required: boolean;
}

const one = (to: ResourceKind, required = false): Reference => ({
  to,
  by: to,
  id: `${to}ID`,
  many: false,
  required,
});
const many = (to: ResourceKind): Reference => ({ to, by: `${to}s`, id: `${to}IDs`, many: true, required: false });

export const references: Readonly<Record<ResourceKind, readonly Reference[]>> = {
  authentication: [],
  source: [one('authentication')],
  transformation: [many('authentication')],
  destination: [one('authentication'), many('transformation')],
  task: [one('source', true), one('destination', true)],
};

/** The ids that a resource, as Algolia has it, refers to. */
export function idsReferredTo(kind: ResourceKind, resource: Readonly<Record<string, unknown>>): string[] {
  return references[kind].flatMap(({ id }) => {
    const value = resource[id];
    return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
  });
}
