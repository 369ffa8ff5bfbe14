import { statSync } from 'node:fs';
import { ConfigError, type Config } from './config.ts';

/** A directory that is not there would be told by every reference to it, much later, as a file that is missing. */
export function assertDirectories({ secretsDir, recordsDir }: Pick<Config, 'secretsDir' | 'recordsDir'>): void {
  for (const [name, path] of Object.entries({ SECRETS_DIR: secretsDir, RECORDS_DIR: recordsDir })) {
    if (path === undefined || statSync(path, { throwIfNoEntry: false })?.isDirectory()) continue;
    throw new ConfigError(`${name}: there is no directory ${path}`);
  }
}
