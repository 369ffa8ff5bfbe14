import type { Command } from 'commander';
import { loadCliConfig } from '../config.ts';
import { createScrubber } from '../secrets/scrubber.ts';
import { createSecretStore } from '../secrets/secret-store.ts';
import { addExamples } from './examples.ts';
import { EXIT } from './exit.ts';
import { print, printJson, table } from './output.ts';

interface Checked {
  readonly reference: string;
  readonly readable: boolean;
  readonly why?: string;
}

export function addSecretsCommand(program: Command): void {
  const command = program
    .command('secrets')
    .description('References to credentials: {"$secret": "env:SECRET_…"} or {"$secret": "file:…"}.')
    .command('check')
    .summary('say which references can be read')
    .description(
      "Reads each reference as the worker would, here and with this environment, and says whether that went well. Never shows a value.\nRun it where the worker runs: another machine's variables and files are others.",
    )
    .argument('<reference...>', 'env:SECRET_NAME, or file:path below SECRETS_DIR')
    .option('--json', 'print an array of {reference, readable, why?}')
    .action(async (references: string[], { json }: { json?: true }) => {
      const checked = await checkReferences(references);
      if (checked.some(({ readable }) => !readable)) process.exitCode = EXIT.failed;
      if (json) return printJson(checked);
      print(
        table(
          ['REFERENCE', 'READABLE', ''],
          checked.map(({ reference, readable, why }) => [reference, readable ? 'yes' : 'no', why ?? '']),
        ),
      );
    });
  addExamples(command, ['algolia-ingestion secrets check env:SECRET_SHOPIFY file:shopify/token']);
}

async function checkReferences(references: readonly string[]): Promise<Checked[]> {
  const { secretVariables, secretsDir } = loadCliConfig();
  const store = createSecretStore({ variables: secretVariables, directory: secretsDir, scrubber: createScrubber() });
  return Promise.all(
    references.map(async (reference) => {
      try {
        await store.reveal(reference);
        return { reference, readable: true };
      } catch (error) {
        const why = (error as Error).message.replace(`secret ${reference}: `, '');
        return { reference, readable: false, why };
      }
    }),
  );
}
