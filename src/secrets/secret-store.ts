import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { Scrubber } from './scrubber.ts';

/** A credential is a key or a token, not a document. */
const MAX_SECRET_BYTES = 64 * 1024;
/** A shorter value may be a word of many texts, so it is taken out of them only once it is used. */
const MIN_UNUSED_LENGTH = 8;

/** The reference names nothing this worker may read. The message names the reference, never a value. */
export class SecretUnavailable extends Error {
  override readonly name = 'SecretUnavailable';
}

export interface SecretStore {
  /** The value behind `env:SECRET_NAME` or `file:path`. Read anew each time, so that a replaced file counts at once. */
  reveal(reference: string): Promise<string>;
}

export interface SecretStoreOptions {
  /** The variables that begin with `SECRET_`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where `file:` references begin; absent: there are none. */
  readonly directory: string | undefined;
  readonly scrubber: Scrubber;
}

export function createSecretStore({ variables, directory, scrubber }: SecretStoreOptions): SecretStore {
  // An answer may repeat what another worker has sent, or this one before it was restarted.
  for (const value of Object.values(variables)) if (value.length >= MIN_UNUSED_LENGTH) scrubber.learn(value);
  return {
    async reveal(reference) {
      const value = reference.startsWith('env:')
        ? fromVariable(reference, variables)
        : reference.startsWith('file:')
          ? await fromFile(reference, directory)
          : refuse(reference, 'a reference begins with env: or file:');
      scrubber.learn(value);
      return value;
    },
  };
}

function refuse(reference: string, why: string, cause?: unknown): never {
  throw new SecretUnavailable(`secret ${reference}: ${why}`, cause === undefined ? undefined : { cause });
}

function fromVariable(reference: string, variables: SecretStoreOptions['variables']): string {
  const name = reference.slice('env:'.length);
  if (!name.startsWith('SECRET_')) refuse(reference, 'only variables that begin with SECRET_ may be read');
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  return value === undefined || value === ''
    ? refuse(reference, "the variable is not set in this worker's environment")
    : value;
}

async function fromFile(reference: string, directory: string | undefined): Promise<string> {
  const name = reference.slice('file:'.length);
  if (directory === undefined) return refuse(reference, 'this worker has no SECRETS_DIR');
  if (name === '' || isAbsolute(name) || name.includes('\0') || name.split(/[/\\]/).includes('..')) {
    return refuse(reference, 'the path must lie below SECRETS_DIR');
  }
  let path: string;
  try {
    path = await realpath(join(directory, name));
  } catch (error) {
    return refuse(reference, 'there is no such file below SECRETS_DIR', error);
  }
  // A secret mounted by Kubernetes is a symlink too, but one that stays inside.
  if (!path.startsWith((await realpath(directory)) + sep))
    return refuse(reference, 'the file lies outside of SECRETS_DIR');
  return readSecretFile(path, (why, cause) => refuse(reference, why, cause));
}

/** A file's text without its last line break; refused when it is no regular file, too large or empty. */
export async function readSecretFile(path: string, fail: (why: string, cause?: unknown) => never): Promise<string> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return fail('the file cannot be read', error);
  }
  try {
    const { size } = await file.stat().then((stats) => (stats.isFile() ? stats : fail('it is not a regular file')));
    if (size > MAX_SECRET_BYTES) return fail(`the file is larger than ${MAX_SECRET_BYTES} bytes`);
    const value = (await file.readFile('utf8')).replace(/\r?\n$/, '');
    return value === '' ? fail('the file is empty') : value;
  } finally {
    await file.close();
  }
}
