import type { WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { syncTask, syncTaskStatus } from '../../../src/workflows/sync-task.ts';
import { makeConnector } from '../../setup/connector.ts';
import { failureOf, failureTypeOf } from '../../setup/decide.ts';
import type { Effect } from './endings.ts';
import type { Cell } from './run-cell.ts';
import type { Stage } from './stage.ts';

/** A sync whose reading of the task, whose trigger, or whose disabling of the task after a cancellation meets a fault. */
export async function syncCell({ simulator, records, hasty, taskQueue }: Stage, effect: Effect): Promise<Cell> {
  const { taskID } = await makeConnector(simulator, { url: records.url });
  const { world } = simulator;
  const operation = { read: 'getTask', idempotent: 'disableTask', once: 'runTask' }[effect];
  if (effect === 'idempotent') await simulator.control('POST /runs/script', { taskID, neverFinish: true });
  return {
    subject: { operation, names: (text) => text.includes(taskID) },
    async run() {
      const handle = await hasty.workflow.start(syncTask, {
        taskQueue,
        workflowId: `sync-${randomUUID()}`,
        args: [{ taskID, onCancel: 'disableTask' }],
      });
      if (effect === 'idempotent') return cancelled(handle);
      const came = await handle.result().then(
        ({ verdict }) => verdict,
        async () => `fails: ${await failureTypeOf(handle)}`,
      );
      return `${came}; ${countOf(world.runs.by('taskID', taskID).length)}`;
    },
  };

  async function cancelled(handle: WorkflowHandle<typeof syncTask>): Promise<string> {
    await vi.waitFor(async () => expect((await handle.query(syncTaskStatus)).phase).toBe('running'), {
      timeout: 120_000,
      interval: 200,
    });
    await handle.cancel();
    expect((await failureOf(handle)).name).toBe('CancelledFailure');
    const { reason = '', remoteStillRunning } = await handle.query(syncTaskStatus);
    expect(remoteStillRunning).toBe(true);
    const told = reason.includes('the task is disabled')
      ? 'disabled'
      : reason.includes('the task could not be disabled')
        ? 'not disabled'
        : reason;
    // A rotation on the same stage would wait for it.
    for (const { runID } of world.runs.by('taskID', taskID)) await simulator.control(`POST /runs/${runID}/finish`, {});
    const state = world.tasks.get(taskID)?.enabled ? 'enabled' : 'disabled';
    return `cancelled; task ${state}, told ${told}`;
  }
}

const countOf = (runs: number) => `${runs === 0 ? 'no' : runs} run${runs > 1 ? 's' : ''}`;
