import { readFileSync } from 'node:fs';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** What a package's manifest leaves out and its licence file says. */
const FROM_FILES: Readonly<Record<string, string>> = { unionfs: 'Unlicense' };

export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** The packages that the worker runs on, as the lock file has them. */
export function productionLicences(): Licensed[] {
  const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const listed = Object.entries(packages).flatMap(([path, { version = '', license, dev }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    return path === '' || dev ? [] : [{ name, version, license: license ?? FROM_FILES[name] ?? 'unknown' }];
  });
  const unique = new Map(listed.map((one) => [`${one.name}@${one.version}`, one]));
  return [...unique.values()].toSorted((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** docs/licences.md */
export function licencesPage(): string {
  const all = productionLicences();
  const licences = [...new Set(all.map(({ license }) => license))].toSorted((a, b) => (a < b ? -1 : 1));
  const rows = licences.map((license) => {
    const packages = all.filter((one) => one.license === license).map(({ name, version }) => `${name} ${version}`);
    return `| ${license} | ${packages.length} | ${packages.join(', ')} |`;
  });
  return [
    '# Licences',
    '',
    `What the worker runs on: ${all.length} packages beside Node, each with its licence. Their texts are in the packages, in the image too.`,
    'This page follows from `package-lock.json`; `npm run sbom` says the same, with hashes, for tools.',
    '',
    '| licence | | packages |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
