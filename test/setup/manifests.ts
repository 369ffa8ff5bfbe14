import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { LoggedRequest } from '../../simulator/http/request-log.ts';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import type { Exported } from '../../src/manifest/export-manifest.ts';
import type { Entry, Manifest, Section } from '../../src/manifest/manifest.ts';
import type { TestWorker } from './start-worker.ts';

/** An application of its own: only one manifest at a time is applied to each. */
export const startApplication = (options: Parameters<typeof startSimulator>[0] = {}): Promise<Simulator> =>
  startSimulator({ runSpeed: 20, cron: false, applicationId: `APP${randomUUID().slice(0, 8)}`, ...options });

/** What Algolia has, as a manifest. */
export async function exportedBy({ client, taskQueue }: Pick<TestWorker, 'client' | 'taskQueue'>): Promise<Manifest> {
  const { manifest, leftOut } = await client.activity.execute<Exported>('exportManifest', {
    id: `export-${randomUUID()}`,
    taskQueue,
    args: [],
    scheduleToCloseTimeout: '1m',
  });
  expect(leftOut).toEqual([]);
  return manifest;
}

/** The requests that changed something, or were to. */
export const writesSince = (simulator: Simulator, seq: number): string[] =>
  simulator.world.requests
    .list({ after: seq })
    .filter(isWrite)
    .map(({ operation }) => operation);

const isWrite = ({ method, operation }: LoggedRequest): boolean =>
  method !== 'GET' && !operation.startsWith('validate') && !operation.startsWith('try');

export const lastSeq = (simulator: Simulator): number => simulator.world.requests.list({}).at(-1)?.seq ?? 0;

/** The manifest without what pins it to one application. */
export function withoutPins({ applicationId: _, ...sections }: Manifest): Manifest {
  const unpinned = Object.entries(sections as Record<Section, readonly Entry[]>).map(([section, entries]) => [
    section,
    entries.map((entry) => {
      const { [`${section.slice(0, -1)}ID`]: _pin, ...rest } = entry;
      return rest;
    }),
  ]);
  return Object.fromEntries(unpinned) as Manifest;
}

/** The manifest with another entry in the place of the one with this name. */
export function withEntry(
  manifest: Manifest,
  section: Section,
  name: string,
  change: Readonly<Record<string, unknown>>,
): Manifest {
  const entries = (manifest[section] ?? []).map((entry) =>
    entry.name === name || `${String(entry.source)} → ${String(entry.destination)}` === name
      ? { ...entry, ...change }
      : entry,
  );
  return { ...manifest, [section]: entries };
}

/** The manifest with references in the place of the credentials that nobody can read. */
export function withSecrets(manifest: Manifest, reference: string): Manifest {
  const filled = (value: unknown): unknown => {
    if (value === null) return { $secret: reference };
    if (typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value as object).map(([name, member]) => [name, filled(member)]));
  };
  const inputs = (entries: readonly Entry[] | undefined, has: (entry: Entry) => boolean): readonly Entry[] =>
    (entries ?? []).map((entry) => (has(entry) ? ({ ...entry, input: filled(entry.input) } as Entry) : entry));
  return {
    ...manifest,
    authentications: inputs(manifest.authentications, () => true),
    sources: inputs(manifest.sources, ({ type }) => type === 'docker'),
  };
}

/** Lets every source of these types be read, whatever it is of. */
export async function makeReadable(simulator: Simulator, types: readonly string[]): Promise<void> {
  for (const type of types)
    await simulator.control(`POST /sources/${type}/records`, { records: [{ objectID: '1', sku: '1' }] });
}
