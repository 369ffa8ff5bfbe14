import type { WorkflowHandle } from '@temporalio/client';
import { expect, vi } from 'vitest';
import { applyManifestId } from '../../src/workflows/apply-manifest.ts';

export type Settled = 'closed' | 'asked' | 'waits';

/** Waits until a workflow has ended, asks for an approval, or waits for the hours in which it may work. */
export function settled(handle: Pick<WorkflowHandle, 'describe' | 'query'>): Promise<Settled> {
  return vi.waitFor(
    async () => {
      const { status } = await handle.describe();
      if (status.name !== 'RUNNING') return 'closed';
      const approval = await handle.query<{ state: string }>('approval').catch(() => undefined);
      if (approval?.state === 'waiting') return 'asked';
      const progress = await handle.query<{ waitsFor?: string }>('status').catch(() => undefined);
      expect(progress?.waitsFor, 'it has not ended, and waits for nothing').toBeDefined();
      return 'waits';
    },
    { timeout: 120_000, interval: 100 },
  );
}

/** By which id an example is started: what is approved under its one id only is started with that. */
export const exampleId = (type: string, name: string, applicationId: string): string =>
  type === 'applyManifest' ? applyManifestId(applicationId) : `${name}/${applicationId}`;
