import proto from '@temporalio/proto';
import type { Command } from 'commander';
import { SEARCH_ATTRIBUTES } from '../search-attributes.ts';
import { addExamples } from './examples.ts';
import { CliError } from './exit.ts';
import { print, printJson } from './output.ts';
import { withTemporal, type Session } from './temporal.ts';

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

export function addSearchAttributesCommand(program: Command): void {
  const command = program
    .command('search-attributes')
    .description(
      `Registers the search attributes that the workflows set, unless the namespace has them: ${SEARCH_ATTRIBUTES.join(', ')}.\nTo be run once per namespace, before the first worker. (The server of \`npm run demo\` has them.)`,
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

async function register({ client, connection }: Session): Promise<{ registered: string[]; existing: string[] }> {
  const { namespace } = client.options;
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const existing = SEARCH_ATTRIBUTES.filter((name) => name in customAttributes);
  const otherwise = existing.filter((name) => customAttributes[name] !== KEYWORD);
  if (otherwise.length > 0)
    throw new CliError(
      `${otherwise.join(', ')}: registered in namespace ${namespace}, but not as Keyword. Remove it there first.`,
    );
  const registered = SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
  if (registered.length > 0) {
    const searchAttributes = Object.fromEntries(registered.map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  }
  return { registered, existing };
}
