import { createHash } from 'node:crypto';

const INFIX = '_tmp_';
/** Two bytes of the run's id, two of a checksum. */
const HEX_EACH = 4;

/**
 * The index that a replace fills before it is moved into place: `products_tmp_3f9a1c07`. The same run always gets the same name.
 * The last four digits are a checksum of the rest, so that a user's own `logs_tmp_20261124` is not taken for one of ours.
 */
export function temporaryIndexName(indexName: string, runID: string): string {
  const nonce = hex(runID);
  return `${indexName}${INFIX}${nonce}${checksum(indexName, nonce)}`;
}

/** The index that a temporary index is for; undefined for every other index. */
export function temporaryIndexOf(name: string): string | undefined {
  const [, indexName, nonce, check] = /^(.+)_tmp_([0-9a-f]{4})([0-9a-f]{4})$/s.exec(name) ?? [];
  return indexName !== undefined && nonce !== undefined && check === checksum(indexName, nonce) ? indexName : undefined;
}

/** The workflow that alone may replace an index. As `replaceAllRecordsId` of the workflow, which can't import this. */
export const replaceLockID = (applicationId: string, indexName: string) =>
  `algolia-replace/${applicationId}/${indexName}`;

const checksum = (indexName: string, nonce: string) => hex(`${nonce}\n${indexName}`);
const hex = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, HEX_EACH);
