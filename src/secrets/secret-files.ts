import { randomBytes } from 'node:crypto';
import { mkdir, open, realpath, rename, unlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { readSecretFile, SecretUnavailable } from './secret-store.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Writes secrets where `file:` references read them. */
export interface SecretFiles {
  /** Throws {@link SecretUnavailable} unless a new secret can be written there. */
  assertWritable(reference: string): Promise<void>;
  /** Writes a value that is there whole or not at all. Another value that is there already stays. */
  write(reference: string, value: string): Promise<void>;
  /** Removes the file, if it holds this value. */
  remove(reference: string, value: string): Promise<void>;
}

export function createSecretFiles(directory: string | undefined): SecretFiles {
  const read = async (reference: string): Promise<string | undefined> => {
    const path = await pathOf(reference, directory);
    try {
      return await readSecretFile(path, (why, cause) => refuse(reference, why, cause));
    } catch (error) {
      const { cause } = error as Error;
      if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const writeBeside = async (path: string, value: string): Promise<string> => {
    const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    const file = await open(beside, 'wx', FILE_MODE);
    try {
      await file.writeFile(value);
      await file.sync();
    } catch (error) {
      // Half a secret is one, too.
      await unlink(beside).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
    return beside;
  };
  return {
    async assertWritable(reference) {
      if ((await read(reference)) !== undefined) refuse(reference, 'there is a secret already; name one that is new');
      await onDisk(reference, async () => unlink(await writeBeside(await pathOf(reference, directory), '')));
    },
    async write(reference, value) {
      const present = await read(reference);
      if (present === value) return;
      if (present !== undefined) refuse(reference, 'another secret is there already, and stays');
      const path = await pathOf(reference, directory);
      await onDisk(reference, async () => rename(await writeBeside(path, value), path));
    },
    async remove(reference, value) {
      if ((await read(reference)) !== value) return;
      await onDisk(reference, async () => unlink(await pathOf(reference, directory)));
    },
  };
}

/** Below the directory, also when a part of the path is a symlink. Makes the directories in between. */
async function pathOf(reference: string, directory: string | undefined): Promise<string> {
  const name = reference.replace(/^file:/, '');
  if (name === reference) return refuse(reference, 'only file: references can be written');
  if (directory === undefined) return refuse(reference, 'this worker has no SECRETS_DIR');
  const steps = name.split(/[/\\]/);
  if (isAbsolute(name) || name.includes('\0') || steps.some((step) => ['', '.', '..'].includes(step)))
    return refuse(reference, 'the path must lie below SECRETS_DIR');
  return onDisk(reference, async () => {
    const root = await realpath(directory);
    let parent = root;
    for (const step of steps.slice(0, -1)) {
      const next = join(parent, step);
      await mkdir(next, { mode: DIRECTORY_MODE }).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      });
      parent = await realpath(next);
      if (!parent.startsWith(root + sep)) refuse(reference, 'the path leads outside of SECRETS_DIR');
    }
    return join(parent, steps.at(-1) as string);
  });
}

async function onDisk<T>(reference: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SecretUnavailable) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return refuse(reference, `it cannot be written below SECRETS_DIR (${code})`, error);
  }
}

function refuse(reference: string, why: string, cause?: unknown): never {
  throw new SecretUnavailable(`secret ${reference}: ${why}`, cause === undefined ? undefined : { cause });
}
