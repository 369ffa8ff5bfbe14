import type { WorkerOptions } from '@temporalio/worker';
import type { Config } from './config.ts';

/** Enough to take a burst at once; the server says when more or fewer are worth it. */
const POLLERS = { type: 'autoscaling', minimum: 2, initial: 5, maximum: 50 } as const;
/** So few activities are always admitted, or a busy neighbour could stop the worker altogether. */
const MIN_ACTIVITIES = 50;
const MIN_WORKFLOW_TASKS = 10;

/** With a tuner more may be admitted; but from here on nobody can say whether it is. */
export const activitySlots = ({ maxActivities, targetMemory, targetCpu }: Config['slots']): number =>
  targetMemory === undefined && targetCpu === undefined ? maxActivities : Math.min(MIN_ACTIVITIES, maxActivities);

/**
 * How much is done at once. By default a fixed number of activities: one that waits for a run costs memory only, so there
 * may be many. With a target for memory or CPU the number follows the machine: for workers that share it.
 */
export function workerSlots({
  maxActivities,
  targetMemory,
  targetCpu,
}: Config['slots']): Pick<
  WorkerOptions,
  'workflowTaskPollerBehavior' | 'activityTaskPollerBehavior' | 'maxConcurrentActivityTaskExecutions' | 'tuner'
> {
  const pollers = { workflowTaskPollerBehavior: POLLERS, activityTaskPollerBehavior: POLLERS };
  if (targetMemory === undefined && targetCpu === undefined)
    return { ...pollers, maxConcurrentActivityTaskExecutions: maxActivities };
  return {
    ...pollers,
    tuner: {
      tunerOptions: { targetMemoryUsage: targetMemory ?? 1, targetCpuUsage: targetCpu ?? 1 },
      workflowTaskSlotOptions: { minimumSlots: MIN_WORKFLOW_TASKS },
      activityTaskSlotOptions: {
        minimumSlots: activitySlots({ maxActivities, targetMemory, targetCpu }),
        maximumSlots: maxActivities,
        rampThrottle: '5ms',
      },
    },
  };
}
