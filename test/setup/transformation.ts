import { randomUUID } from 'node:crypto';
import type { Simulator } from '../../simulator/index.ts';
import { callAlgolia, makeConnector, type MadeConnector } from './connector.ts';

export const OLD_CODE = 'async function transform(record) {\n  return { ...record, version: 1 };\n}\n';
export const NEW_CODE = OLD_CODE.replace('version: 1', 'version: 2');

export interface MadeTransformation extends MadeConnector {
  readonly transformationID: string;
}

/** A connector whose records go through a transformation. */
export async function makeTransformed(
  simulator: Simulator,
  { url, transformation = {} }: { readonly url?: string; readonly transformation?: object } = {},
): Promise<MadeTransformation> {
  const made = await makeConnector(simulator, url === undefined ? {} : { url });
  const { transformationID = '' } = await callAlgolia(simulator, 'POST /1/transformations', {
    name: `transformation-${randomUUID()}`,
    type: 'code',
    input: { code: OLD_CODE },
    ...transformation,
  });
  await callAlgolia(simulator, `PATCH /1/destinations/${made.destinationID}`, {
    transformationIDs: [transformationID],
  });
  return { ...made, transformationID };
}

export interface ShownTransformation {
  readonly name: string;
  readonly type: string;
  readonly input: { readonly code?: string; readonly steps?: readonly object[] };
  readonly description?: string;
  readonly updatedAt: string;
}

export const transformationOf = (simulator: Simulator, transformationID: string) =>
  callAlgolia<ShownTransformation>(simulator, `GET /1/transformations/${transformationID}`);
