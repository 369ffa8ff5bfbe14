import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { World } from '../world.ts';
import { restoreSnapshot, takeSnapshot } from './snapshot.ts';

const SAVE_EVERY_MS = 500;

export interface StateFile {
  load(world: World): void;
  /** Something may have changed: it is saved soon. */
  touch(): void;
  /** Saves what hasn't been saved, for the last time. */
  close(): void;
}

/** Keeps the world in a file, readable by its owner only, so that a restart forgets nothing. Without a path: does nothing. */
export function openStateFile(path: string | undefined, current: () => World): StateFile {
  if (path === undefined) return { load: () => {}, touch: () => {}, close: () => {} };
  let timer: NodeJS.Timeout | undefined;
  const save = () => {
    timer = undefined;
    writeFileSync(`${path}.new`, takeSnapshot(current()), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  return {
    load: (world) => {
      if (existsSync(path)) restoreSnapshot(world, readFileSync(path, 'utf8'));
    },
    touch: () => {
      timer ??= setTimeout(save, SAVE_EVERY_MS);
    },
    close: () => {
      clearTimeout(timer);
      save();
    },
  };
}
