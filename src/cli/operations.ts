import type { Command } from 'commander';
import { callables } from '../operations/client-side.ts';
import { addExamples } from './examples.ts';
import { print, printJson, table } from './output.ts';

/** Every operation as programs list it; `method` and `path` are null where no single request stands behind it. */
export function listOperations() {
  return Object.entries(callables).map(([name, { method, path, effect, summary }]) => ({
    name,
    method,
    path,
    effect,
    summary,
  }));
}

export function addOperationsCommand(program: Command): void {
  const command = program
    .command('operations')
    .description(
      'Lists every operation, each an activity of that name.\nEffect: what a second, accidental call would do. read: nothing; idempotent: the same again; once: a second thing.',
    )
    .option('--json', 'print an array of {name, method, path, effect, summary}')
    .action(({ json }: { json?: true }) => {
      const list = listOperations();
      if (json) return printJson(list);
      print(
        table(
          ['OPERATION', 'EFFECT', 'METHOD', 'PATH', 'SUMMARY'],
          list.map(({ name, effect, method, path, summary }) => [name, effect, method ?? '', path ?? '', summary]),
        ),
      );
    });
  addExamples(command, ['algolia-ingestion operations', 'algolia-ingestion operations --json']);
}
