import { proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../../src/activities/index.ts';

const { enableTask } = proxyLocalActivities<Pick<Activities, 'enableTask'>>({ startToCloseTimeout: '10s' });

/** Calls what changes something as a local activity, as somebody's own workflow might. */
export async function enableLocally(taskID: string): Promise<void> {
  await enableTask({ taskID });
}
