import v8 from '@vitest/coverage-v8';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CoverageProviderModule } from 'vitest/node';

const PROJECT = pathToFileURL(process.cwd()).href;

/**
 * For `npm run coverage`: vitest's own provider, which sees what runs in the processes of the tests, and besides it the workflows.
 * Those run in contexts of Temporal's worker threads, whose coverage Node writes into the directory NODE_V8_COVERAGE when they end.
 */
const provider: CoverageProviderModule = {
  ...v8,
  /** Loaded here, because this module is loaded in the processes of the tests as well. */
  async getProvider() {
    const { WorkflowCoverageProvider } = await import('./workflow-coverage-provider.ts');
    return new WorkflowCoverageProvider();
  },
  /** A replay runs workflows without a thread: what it ran is put beside what the threads leave. */
  async takeCoverage(options) {
    const taken = (await v8.takeCoverage?.(options)) as Profiler.TakePreciseCoverageReturnType;
    const [inside, outside] = [true, false].map((wanted) =>
      taken.result.filter(({ url }) => url.startsWith(PROJECT) === wanted),
    );
    const file = join(process.env.NODE_V8_COVERAGE ?? '', `${randomUUID()}.json`);
    writeFileSync(file, JSON.stringify({ result: outside }));
    return { result: inside };
  },
};

export default provider;
