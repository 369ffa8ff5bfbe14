import type { Command } from 'commander';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ConfigError, loadCliConfig, type CliConfig } from '../config.ts';
import { whyUnreadable } from '../message-of.ts';
import { createScrubber } from '../secrets/scrubber.ts';
import { createSecretStore } from '../secrets/secret-store.ts';
import { addExamples } from './examples.ts';
import { EXIT } from './exit.ts';
import { print, printJson, remark, table } from './output.ts';

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
    .argument('[reference...]', 'env:SECRET_NAME, or file:path below SECRETS_DIR; default: all that there are')
    .option('--json', 'print an array of {reference, readable, why?}')
    .action(async (references: string[], { json }: { json?: true }) => {
      const config = loadCliConfig();
      const checked = await checkReferences(config, references.length > 0 ? references : await allReferences(config));
      if (checked.some(({ readable }) => !readable)) process.exitCode = EXIT.failed;
      if (json) return printJson(checked);
      if (checked.length === 0) return remark('There are no variables SECRET_… and no files below SECRETS_DIR here.');
      print(
        table(
          ['REFERENCE', 'READABLE', ''],
          checked.map(({ reference, readable, why }) => [reference, readable ? 'yes' : 'no', why ?? '']),
        ),
      );
    });
  addExamples(command, [
    'algolia-ingestion secrets check',
    'algolia-ingestion secrets check env:SECRET_SHOPIFY file:shopify/token',
  ]);
}

/** What could be referred to here. Kubernetes keeps what it mounts in hidden directories, and links to it. */
async function allReferences({ secretVariables, secretsDir }: CliConfig): Promise<string[]> {
  const variables = Object.keys(secretVariables).map((name) => `env:${name}`);
  if (secretsDir === undefined) return variables;
  const entries = await readdir(secretsDir, { recursive: true, withFileTypes: true }).catch((error: Error) => {
    throw new ConfigError(`SECRETS_DIR: ${whyUnreadable(error)}`, { cause: error });
  });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(secretsDir, join(parentPath, name)))
    .filter((path) => !path.split('/').some((step) => step.startsWith('.')));
  return [...variables, ...files.map((path) => `file:${path}`)].toSorted();
}

async function checkReferences(
  { secretVariables, secretsDir }: CliConfig,
  references: readonly string[],
): Promise<Checked[]> {
  const store = createSecretStore({ variables: secretVariables, directory: secretsDir, scrubber: createScrubber() });
  return Promise.all(
    references.map(async (reference) => {
      try {
        await store.reveal(reference);
        return { reference, readable: true };
      } catch (error) {
        const said = (error as Error).message.replace(`secret ${reference}: `, '');
        const why = said.replace('this worker', 'this command');
        return { reference, readable: false, why };
      }
    }),
  );
}
