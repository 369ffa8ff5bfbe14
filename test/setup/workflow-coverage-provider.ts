import { mergeScriptCovs } from '@bcoe/v8-coverage';
import { V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js';
import { parse, type AnyNode } from 'acorn';
import { convert } from 'ast-v8-to-istanbul';
import type { CoverageMap, CoverageMapData, FileCoverage } from 'istanbul-lib-coverage';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ReportContext, Vitest } from 'vitest/node';

/** Maps what ran of bundled workflows back to their source, and adds it to what vitest knows of them. */
export class WorkflowCoverageProvider extends V8CoverageProvider {
  readonly #directory = mkdtempSync(join(tmpdir(), 'workflow-coverage-'));

  override initialize(context: Vitest): void {
    super.initialize(context);
    // Or the processes of the tests would load vitest's own module in place of this one's.
    this.options = { ...this.options, provider: 'custom' };
    process.env.NODE_V8_COVERAGE = this.#directory;
  }

  override async generateCoverage(context: ReportContext): Promise<CoverageMap> {
    const map = await super.generateCoverage(context);
    const workflows = await this.#coverWorkflows();
    for (const file of workflows.files())
      if (map.files().includes(file)) addLines(workflows.fileCoverageFor(file), map.fileCoverageFor(file));
    map.filter((file) => !workflows.files().includes(file));
    map.merge(workflows);
    rmSync(this.#directory, { recursive: true });
    return map;
  }

  async #coverWorkflows(): Promise<CoverageMap> {
    const scripts = readdirSync(this.#directory).flatMap((file) => {
      const json = readFileSync(join(this.#directory, file), 'utf8');
      return (JSON.parse(json) as Profiler.TakePreciseCoverageReturnType).result;
    });
    const { codePath } = this.ctx.getRootProject().getProvidedContext().workflowBundle;
    const map = this.createCoverageMap();
    for (const bundle of readdirSync(dirname(codePath)))
      map.merge(await coverBundle(join(dirname(codePath), bundle), scripts));
    map.filter((file) => this.isIncluded(file));
    return map;
  }
}

async function coverBundle(codePath: string, scripts: readonly Profiler.ScriptCoverage[]): Promise<CoverageMapData> {
  const code = readFileSync(codePath, 'utf8');
  const url = pathToFileURL(codePath).href;
  return convert({
    code,
    ast: parse(code, { ecmaVersion: 'latest' }),
    sourceMap: JSON.parse(Buffer.from(code.slice(code.lastIndexOf(',') + 1), 'base64').toString()),
    coverage: mergeScriptCovs(scripts.filter((script) => script.url === url)) ?? { url, functions: [] },
    ignoreNode: (node: AnyNode, type) => type === 'branch' && isLowered(node),
  });
}

/** A unit test runs the source in which vitest counts other places than the bundle has: what it says is which lines ran. */
function addLines(to: FileCoverage, from: FileCoverage): void {
  const lines = from.getLineCoverage();
  for (const [key, { start }] of Object.entries(to.statementMap))
    to.s[key] = (to.s[key] ?? 0) + (lines[start.line] ?? 0);
}

/** What `?.` and `??` became in the bundle: no branch that anybody wrote. */
function isLowered(node: AnyNode): boolean {
  if (node.type === 'ConditionalExpression') return isLowered(node.test);
  if (node.type !== 'LogicalExpression' || node.right.type !== 'BinaryExpression') return false;
  return node.right.right.type === 'UnaryExpression' && node.right.right.operator === 'void';
}
