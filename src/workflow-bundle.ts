import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

/** The workflows' entry, for whoever bundles them. */
export const workflowsPath = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './workflows/index.ts' : './workflows/index.js', import.meta.url),
);

/** What `npm run build` leaves beside the compiled code. A bundle knows how its failures are written, hence two. */
export const BUNDLES = { plain: 'workflow-bundle.cjs', encrypting: 'workflow-bundle-encrypting.cjs' } as const;

/** The workflows for a worker: bundled ahead of time in a build, else from their source, which takes a second or two. */
export function locateWorkflows({
  encrypting,
}: {
  encrypting: boolean;
}): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const bundle = encrypting ? BUNDLES.encrypting : BUNDLES.plain;
  const codePath = fileURLToPath(new URL(bundle, import.meta.url));
  return existsSync(codePath) ? { workflowBundle: { codePath } } : { workflowsPath };
}
