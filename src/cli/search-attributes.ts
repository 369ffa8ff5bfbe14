import type { Command } from 'commander';
import { registerSearchAttributes, type Registration } from '../register-search-attributes.ts';
import { SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import { addExamples } from './examples.ts';
import { print, printJson } from './output.ts';
import { withTemporal, type Session } from './temporal.ts';

export function addSearchAttributesCommand(program: Command): void {
  const command = program
    .command('search-attributes')
    .description(
      `Registers the search attributes that the workflows set, unless the namespace has them: ${SEARCH_ATTRIBUTES.join(', ')}.\nA worker does so too when it starts, if it may.`,
    )
    .option('--json', 'print {registered, existing}')
    .action(async ({ json }: { json?: true }) => {
      const done = await withTemporal(register);
      if (json) return printJson(done);
      print(`registered: ${done.registered.join(', ') || 'none'}`);
      print(`there already: ${done.existing.join(', ') || 'none'}`);
    });
  addExamples(command, ['algolia-ingestion search-attributes']);
}

function register({ client, connection }: Session): Promise<Registration> {
  return registerSearchAttributes(connection.operatorService, client.options.namespace);
}
