import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BundleOptions, WorkerOptions } from '@temporalio/worker';
import { payloadConverterPath } from './codec/data-converter.ts';

const pathOf = (file: string) =>
  fileURLToPath(new URL(`./${file}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));

/** The workflows' entry, for whoever bundles them. */
export const workflowsPath = pathOf('workflows/index');
/** The same for a worker that is a version of a deployment. */
export const versionedWorkflowsPath = pathOf('workflows/versioned');

/** What belongs into every bundle of workflows besides, for whoever makes one. */
export const workflowInterceptorModules = [pathOf('workflows/interceptors')];

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
export const sharedWorkflows = ({
  path = workflowsPath,
  converterPath = payloadConverterPath,
  interceptorModules = workflowInterceptorModules,
  tracingPath,
}: {
  readonly path?: string | undefined;
  readonly converterPath?: string;
  readonly interceptorModules?: readonly string[];
  readonly tracingPath?: string | undefined;
} = {}): Required<Pick<BundleOptions, 'workflowsPath' | 'preloadModules' | 'workflowInterceptorModules'>> => {
  const modules = [...interceptorModules, ...(tracingPath === undefined ? [] : [tracingPath])];
  return {
    workflowsPath: path,
    preloadModules: [path, converterPath, ...modules],
    workflowInterceptorModules: modules,
  };
};

/** What `npm run build` leaves beside the compiled code. */
export const bundleFile = ({ versioned, encrypting, tracing }: BundleKind) =>
  `workflow-bundle${versioned ? '-versioned' : ''}${encrypting ? '-encrypting' : ''}${tracing ? '-tracing' : ''}.cjs`;

/** What makes spans of workflows, for whoever bundles them. */
export const tracingPath = pathOf('tracing/workflow-interceptors');

/** The workflows for a worker: bundled ahead of time in a build, else from their source, which takes a second or two. */
export function locateWorkflows(
  kind: BundleKind,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions' | 'interceptors'> {
  const codePath = fileURLToPath(new URL(bundleFile(kind), import.meta.url));
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  const workflows = sharedWorkflows({
    path: kind.versioned ? versionedWorkflowsPath : undefined,
    tracingPath: kind.tracing ? tracingPath : undefined,
  });
  return {
    workflowsPath: workflows.workflowsPath,
    bundlerOptions: { preloadModules: workflows.preloadModules },
    interceptors: { workflowModules: workflows.workflowInterceptorModules },
  };
}
