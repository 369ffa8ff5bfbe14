import { createHash } from 'node:crypto';

export interface ApiKey {
  readonly value: string;
  readonly acl: readonly string[];
  readonly description: string;
  /** Patterns such as `dev_*`; none: all indices. */
  readonly indexes: readonly string[];
  /** Seconds; 0: for ever. */
  readonly validity: number;
  /** Everything else that can be set on a key, kept and answered. */
  readonly more: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  /** When requests with it are accepted. */
  readonly usableAt: number;
  readonly expiresAt: number;
}

/** Enough to tell keys apart in a log, and nothing more. */
export const fingerprint = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 8);

export function allowsIndex(key: ApiKey, indexName: string): boolean {
  return key.indexes.length === 0 || key.indexes.some((pattern) => wildcard(pattern).test(indexName));
}

function wildcard(pattern: string): RegExp {
  const text = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${text}$`);
}
