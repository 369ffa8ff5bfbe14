import { readFileSync } from 'node:fs';

interface Package {
  readonly name: string;
  readonly version: string;
}

/** What this is and which version of it. */
export function readPackage(): Package {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Package;
}
