import type { TestProject } from 'vitest/node';
import { startTemporalServer } from '../../scripts/temporal-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The one Temporal server of the run: in memory, time skipping allowed. Take a task queue of your own. */
    temporal: { address: string; namespace: string };
  }
}

/** Runs once before all test files; what it returns runs after them. `TEST_TEMPORAL_ADDRESS` names another server: see CONTRIBUTING.md. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const address = process.env.TEST_TEMPORAL_ADDRESS;
  if (address) {
    project.provide('temporal', { address, namespace: 'default' });
    return () => Promise.resolve();
  }
  const server = await startTemporalServer({ ui: false, timeSkipping: true });
  project.provide('temporal', { address: server.address, namespace: server.namespace });
  return () => server.stop();
}
