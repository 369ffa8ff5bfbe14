import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BUNDLES } from '../src/workflow-bundle.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Compiles `src` and bundles the workflows ahead of time, into a directory that must stand where packages are found. */
export async function build(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', directory], { cwd: ROOT });
  await bundleWorkflows(directory);
}

/** Once for workers that store in the clear, and once with the failure converter of those that encrypt. */
async function bundleWorkflows(directory: string): Promise<void> {
  const logger = new DefaultLogger('WARN');
  const workflowsPath = join(directory, 'workflows', 'index.js');
  const failureConverterPath = join(directory, 'codec', 'failure-converter.js');
  const payloadConverterPath = join(directory, 'codec', 'payload-converter.js');
  const plain = await bundleWorkflowCode({ workflowsPath, payloadConverterPath, logger });
  const encrypting = await bundleWorkflowCode({ workflowsPath, payloadConverterPath, failureConverterPath, logger });
  await writeFile(join(directory, BUNDLES.plain), plain.code);
  await writeFile(join(directory, BUNDLES.encrypting), encrypting.code);
}

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
