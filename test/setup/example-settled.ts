import type { WorkflowHandle } from '@temporalio/client';
import { expect, vi } from 'vitest';

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
