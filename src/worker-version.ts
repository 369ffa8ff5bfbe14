import type { WorkerOptions } from '@temporalio/worker';
import type { Config } from './config.ts';

/**
 * Makes the worker a version of a deployment, which is given nothing until it is made the current one. Without a deployment it
 * has no version and is given whatever is on its task queue.
 */
export function workerVersion(deployment: Config['deployment']): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (!deployment) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName: deployment.name, buildId: deployment.buildId },
      useWorkerVersioning: true,
      // For what began on a worker without a version: it had better not need one that may be gone.
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}
