import type { Destination, IndexRecord, Transformation } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { excludeAttributes } from './exclude-attributes.ts';
import { injectedProblem, type RecordProblem } from './record-failures.ts';
import { SourceProblem } from './source-problem.ts';
import { createTransformer, type Transformer } from './transformer.ts';

export interface Prepared {
  readonly records: IndexRecord[];
  readonly problems: RecordProblem[];
}

/** Compiled code, until its transformation is changed. */
const transformers = new WeakMap<Transformation, Transformer>();

export const transformationsOf = (world: World, destination: Destination): Transformation[] =>
  (destination.transformationIDs ?? []).flatMap((id) => world.transformations.get(id) ?? []);

/** Runs the destination's transformations, one after another. Throws a `SourceProblem` for code that can't be run. */
export function transformRecords(world: World, destination: Destination, given: readonly IndexRecord[]): Prepared {
  let records: IndexRecord[] = [...given];
  const problems: RecordProblem[] = [];
  for (const transformation of transformationsOf(world, destination)) {
    const transformer = transformers.get(transformation) ?? createTransformer(transformation);
    transformers.set(transformation, transformer);
    const { error, results } = transformer.apply(records, secretsOf(world, transformation));
    if (error !== undefined) throw new SourceProblem(`the transformation ${transformation.name} failed: ${error}`);
    const before = records;
    records = [];
    for (const [place, result] of results.entries()) {
      const objectID = before[place]?.objectID ?? '';
      if ('error' in result) problems.push({ objectID, message: result.error, status: 'failed' });
      else for (const record of result.records) sortIn(record, objectID);
    }
  }
  return { records, problems };

  function sortIn(record: Record<string, unknown>, from: string): void {
    if (typeof record.objectID === 'string' && record.objectID !== '') records.push(record as IndexRecord);
    else
      problems.push({
        objectID: from,
        message: 'the transformation returned a record without objectID',
        status: 'failed',
      });
  }
}

/** What the index accepts of these records, without the attributes to exclude. */
export function admitRecords(
  world: World,
  destination: Destination,
  indexName: string,
  given: readonly IndexRecord[],
): Prepared {
  const excluded = destination.input.attributesToExclude ?? [];
  const records: IndexRecord[] = [];
  const problems: RecordProblem[] = [];
  for (const candidate of given) {
    const record = excludeAttributes(candidate, excluded);
    const problem = injectedProblem(world, indexName, record.objectID) ?? tooBig(world, record);
    if (problem) problems.push(problem);
    else records.push(record);
  }
  return { records, problems };
}

function tooBig(world: World, record: IndexRecord): RecordProblem | undefined {
  const { objectID } = record;
  const bytes = JSON.stringify(record).length;
  if (bytes <= world.settings.maxRecordBytes) return undefined;
  return {
    objectID,
    message: `Record is too big: size=${bytes}/${world.settings.maxRecordBytes} bytes`,
    status: 'failed',
  };
}

function secretsOf(world: World, { authenticationIDs = [] }: Transformation): Record<string, string> {
  const inputs = authenticationIDs
    .flatMap((id) => world.authentications.get(id) ?? [])
    .filter(({ type }) => type === 'secrets');
  return Object.assign({}, ...inputs.map(({ input }) => input)) as Record<string, string>;
}
