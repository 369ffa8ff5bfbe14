import { bundleWorkflowCode, DefaultLogger, type BundleOptions } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { sharedWorkflows } from '../../src/workflow-bundle.ts';

/** For a test whose workflows are others than the shared bundle's, or bundled otherwise. It stands beside that one, where `npm run coverage` looks for it. */
export async function bundleWorkflows(options: Partial<BundleOptions> = {}): Promise<{ codePath: string }> {
  const { code } = await bundleWorkflowCode({ ...sharedWorkflows(), logger: new DefaultLogger('WARN'), ...options });
  const codePath = join(dirname(inject('workflowBundle').codePath), `${randomUUID()}.js`);
  await writeFile(codePath, code);
  return { codePath };
}
