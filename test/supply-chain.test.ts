import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { productionLicences } from '../scripts/docs/licences-page.ts';

/** Licences that let anybody run, change and pass on what is under them; the first three ask for their text to go along. */
const PERMISSIVE = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'Apache-2.0 AND MIT', '0BSD']);
const LOOKED_AT = new Set(['Unlicense', 'BlueOak-1.0.0', 'CC-BY-4.0']);

const json = async <T>(file: string): Promise<T> => JSON.parse(await readFile(file, 'utf8')) as T;
interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

test('every package in production has a licence that asks for nothing but its text', () => {
  const odd = productionLicences().filter(({ license }) => !PERMISSIVE.has(license) && !LOOKED_AT.has(license));
  expect(odd).toEqual([]);
});

test('the bill of materials has every package of production, and says which are for development only', async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '-s', 'sbom'], { maxBuffer: 2 ** 26 });
  const { bomFormat, components } = JSON.parse(stdout) as {
    bomFormat: string;
    components: { name: string; version: string; hashes: unknown[]; properties: { name: string }[] }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  const inProduction = components.filter(
    ({ properties }) => !properties.some(({ name }) => name === 'cdx:npm:package:development'),
  );
  const named = new Set(inProduction.map(({ name, version }) => `${name}@${version}`));
  expect(productionLicences().filter(({ name, version }) => !named.has(`${name}@${version}`))).toEqual([]);
  expect(components.filter(({ hashes }) => hashes.length === 0)).toEqual([]);
});

test('no version of OpenTelemetry reads baggage without a limit (GHSA-8988-4f7v-96qf)', async () => {
  const { packages } = await json<{ packages: Record<string, { version: string }> }>('package-lock.json');
  const versions = Object.entries(packages)
    .filter(([path]) => path.endsWith('node_modules/@opentelemetry/core'))
    .map(([, { version }]) => version);
  expect(versions).not.toEqual([]);
  expect(versions.filter((version) => /^([01]|2\.[0-7])\./.test(version))).toEqual([]);
});

test('no package needs a script of its own to be installed', async () => {
  const { packages } = await json<{ packages: Record<string, { hasInstallScript?: boolean; dev?: boolean }> }>(
    'package-lock.json',
  );
  const { allowScripts } = await json<Manifest>('package.json');
  const scripted = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  expect(new Set(scripted.map((name) => [name, allowScripts[name]].join()))).toEqual(
    new Set(Object.keys(allowScripts).map((name) => `${name},false`)),
  );
  const dockerfile = await readFile('Dockerfile', 'utf8');
  for (const [command] of dockerfile.matchAll(/npm ci.*/g)) expect(command).toContain('--ignore-scripts');
});

test('renovate.json names packages that there are', async () => {
  const { packageRules } = await json<{ packageRules: { matchPackageNames: string[] }[] }>('renovate.json');
  const { dependencies, devDependencies } = await json<Manifest>('package.json');
  const compose = await readFile('docker-compose.yml', 'utf8');
  const isKnown = (pattern: string) =>
    Object.keys({ ...dependencies, ...devDependencies }).some((name) =>
      pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    ) || compose.includes(`image: ${pattern}:`);
  const unknown = packageRules.flatMap(({ matchPackageNames }) => matchPackageNames).filter((name) => !isKnown(name));
  expect(unknown).toEqual([]);
});

test('the changelog has a section for this version', async () => {
  const { version } = await json<{ version: string }>('package.json');
  expect(await readFile('CHANGELOG.md', 'utf8')).toContain(`\n## [${version}]\n`);
  expect(existsSync('LICENSE')).toBe(true);
});
