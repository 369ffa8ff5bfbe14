import { Option, type Command } from 'commander';
import { kindsInOrder, resourceKinds } from '../operations/resource-kinds.ts';
import { taskName } from '../manifest/inventory.ts';
import type { Entry, Manifest } from '../manifest/manifest.ts';
import { writeManifest } from '../manifest/write-manifest.ts';
import { addExamples } from './examples.ts';
import { readExported } from './manifest-call.ts';
import { print, printJson, remark, table } from './output.ts';
import { withTemporal } from './temporal.ts';

interface InventoryOptions {
  readonly json?: true;
  readonly yaml?: true;
  readonly schema?: string;
}

export function addInventoryCommand(program: Command): void {
  const command = program
    .command('inventory')
    .description(
      'Reads all authentications, sources, transformations, destinations and tasks. As a manifest (--yaml, --json) they can be kept\nin a file and applied: applied unchanged, it changes nothing.',
    )
    .addOption(new Option('--yaml', 'print the manifest as YAML').conflicts('json'))
    .option('--json', 'print the manifest as JSON')
    .addOption(
      new Option('--schema <where>', "the path or URL of the manifest's JSON Schema, for editors").implies({
        yaml: true,
      }),
    )
    .action(async ({ json, yaml, schema }: InventoryOptions) => {
      const { manifest, leftOut } = await withTemporal(readExported);
      for (const what of leftOut) remark(`Left out, for no manifest can express it: ${what}`);
      if (json) return printJson(manifest);
      if (yaml) return print(writeManifest(manifest, { schema }).trimEnd());
      const rows = rowsOf(manifest);
      if (rows.length === 0) return remark('There is nothing yet.');
      print(table(['KIND', 'NAME', 'TYPE', 'ID'], rows));
    });
  addExamples(command, ['algolia-ingestion inventory', 'algolia-ingestion inventory --yaml > connectors.yaml']);
}

function rowsOf(manifest: Manifest): string[][] {
  return kindsInOrder.flatMap((kind) => {
    const { member: section, id } = resourceKinds[kind];
    return (manifest[section] ?? []).map((entry) => {
      const type = entry.type ?? (entry.cron === undefined ? '' : `cron ${text(entry.cron)}`);
      return [kind, kind === 'task' ? nameOfTask(entry) : text(entry.name), type, text(entry[id])];
    });
  });
}

const nameOfTask = ({ source, sourceID, destination, destinationID, action }: Entry): string =>
  taskName(text(source ?? sourceID), text(destination ?? destinationID), action);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
