import type { WorkflowHandle } from '@temporalio/client';
import { expect, vi } from 'vitest';

/** Waits until a workflow that another one cancels knows of it. */
export const cancellationArrived = (handle: Pick<WorkflowHandle, 'fetchHistory'>) =>
  vi.waitFor(
    async () => {
      const { events } = await handle.fetchHistory();
      expect(events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes)).toBe(true);
    },
    { timeout: 150_000, interval: 50 },
  );
