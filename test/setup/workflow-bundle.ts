import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { payloadConverterPath } from '../../src/codec/data-converter.ts';
import { bundleFile, sharedWorkflows } from '../../src/workflow-bundle.ts';
import { compiled } from './compile.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The workflows of `src/workflows`, bundled once per run: 1.5 s less for every worker of a test. */
    workflowBundle: { codePath: string };
  }
}

/** Runs once before all test files; what it returns runs after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { code } = await bundleWorkflowCode({
    ...sharedWorkflows(),
    payloadConverterPath,
    logger: new DefaultLogger('WARN'),
  });
  const directory = await mkdtemp(join(tmpdir(), 'workflow-bundle-'));
  const codePath = join(directory, 'workflows.js');
  await writeFile(codePath, code);
  // Where the worker of a build has it.
  await copyFile(codePath, compiled(`src/${bundleFile({ versioned: false, encrypting: false, tracing: false })}`));
  project.provide('workflowBundle', { codePath });
  return () => rm(directory, { recursive: true, force: true });
}
