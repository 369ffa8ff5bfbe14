import type { TestProject } from 'vitest/node';
import { startTemporalServer } from '../../scripts/temporal-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The one Temporal server of the run: in memory, time skipping allowed. Take a task queue of your own. */
    temporal: { address: string; namespace: string };
  }
}

/** Runs once before all test files; what it returns runs after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTemporalServer({ ui: false, timeSkipping: true });
  project.provide('temporal', { address: server.address, namespace: server.namespace });
  return () => server.stop();
}
