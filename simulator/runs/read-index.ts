import type { IndexRecord } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { SourceProblem } from './source-problem.ts';

/** The records of another index; of filters only `attribute:value`, joined by AND, is understood here. */
export function readIndex(world: World, input: Readonly<Record<string, unknown>>): IndexRecord[] {
  const index = world.indices.get(String(input.indexName));
  if (!index) throw new SourceProblem(`Index ${String(input.indexName)} does not exist`);
  const conditions = (typeof input.filters === 'string' ? input.filters : '')
    .split(/\s+AND\s+/)
    .filter((condition) => condition !== '')
    .map(parseCondition);
  return [...index.records.values()].filter((record) =>
    conditions.every(([attribute, value]) => [record[attribute]].flat().some((item) => String(item) === value)),
  );
}

function parseCondition(condition: string): [string, string] {
  const [, attribute, value] = /^([\w.]+):"?([^"]*)"?$/.exec(condition.trim()) ?? [];
  if (attribute === undefined || value === undefined)
    throw new SourceProblem(`the simulator doesn't understand the filter ${condition}`);
  return [attribute, value];
}
