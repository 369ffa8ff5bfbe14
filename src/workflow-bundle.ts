import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';

/** The workflows' entry, for whoever bundles them. */
export const workflowsPath = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './workflows/index.ts' : './workflows/index.js', import.meta.url),
);

/** A bundle knows how its failures are written, and whether it makes spans. */
export interface BundleKind {
  readonly encrypting: boolean;
  readonly tracing: boolean;
}

export const BUNDLE_KINDS: readonly BundleKind[] = [false, true].flatMap((encrypting) =>
  [false, true].map((tracing) => ({ encrypting, tracing })),
);

/** What `npm run build` leaves beside the compiled code. */
export const bundleFile = ({ encrypting, tracing }: BundleKind) =>
  `workflow-bundle${encrypting ? '-encrypting' : ''}${tracing ? '-tracing' : ''}.cjs`;

/** What makes spans of workflows, for whoever bundles them: found, but not loaded. */
export const tracingModules = (): NonNullable<BundleOptions['workflowInterceptorModules']> => [
  createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors'),
];

/** The workflows for a worker: bundled ahead of time in a build, else from their source, which takes a second or two. */
export function locateWorkflows(kind: BundleKind): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = fileURLToPath(new URL(bundleFile(kind), import.meta.url));
  return existsSync(codePath) ? { workflowBundle: { codePath } } : { workflowsPath };
}
