import { bundleWorkflowCode, DefaultLogger, type BundleOptions } from '@temporalio/worker';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BUNDLE_KINDS, bundleFile, sharedWorkflows } from '../src/workflow-bundle.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Compiles `src` and bundles the workflows ahead of time, into a directory that must stand where packages are found. */
export async function build(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', directory], { cwd: ROOT });
  await bundleWorkflows(directory);
}

/** For workers that store in the clear and for those that encrypt, with tracing and without, with a version and without. */
async function bundleWorkflows(directory: string): Promise<void> {
  const logger = new DefaultLogger('WARN');
  const failureConverterPath = join(directory, 'codec', 'failure-converter.js');
  const payloadConverterPath = join(directory, 'codec', 'payload-converter.js');
  for (const kind of BUNDLE_KINDS) {
    const { code } = await bundleWorkflowCode({
      ...sharedWorkflows({
        path: join(directory, 'workflows', kind.versioned ? 'versioned.js' : 'index.js'),
        converterPath: payloadConverterPath,
        interceptorModules: [join(directory, 'workflows', 'interceptors.js')],
        tracingPath: kind.tracing ? join(directory, 'tracing', 'workflow-interceptors.js') : undefined,
      }),
      payloadConverterPath,
      logger,
      webpackConfigHook: namedFromHere,
      ...(kind.encrypting ? { failureConverterPath } : {}),
    });
    await writeFile(join(directory, bundleFile(kind)), code);
  }
}

/** Stack traces in histories name files of the project, not of the machine that built it. */
const namedFromHere: NonNullable<BundleOptions['webpackConfigHook']> = (config) => ({
  ...config,
  output: {
    ...config.output,
    devtoolModuleFilenameTemplate: ({ absoluteResourcePath }: { absoluteResourcePath: string }) =>
      absoluteResourcePath.replaceAll(ROOT, ''),
  },
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build(resolve(process.argv[2] ?? join(ROOT, 'dist')));
  } catch (error) {
    // The compiler writes what is wrong on standard output.
    const { stdout } = error as { stdout?: string };
    console.error(stdout || error);
    process.exitCode = 1;
  }
}
