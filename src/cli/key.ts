import { Option, type Command } from 'commander';
import { CliError, EXIT } from './exit.ts';
import { print, printJson, table } from './output.ts';
import { queryWithin } from './query.ts';
import { startWorkflow, type StartOptions } from './start.ts';
import { withTemporal, type Session } from './temporal.ts';

/** The workflow that keeps which key is current. */
const keyRingId = (applicationId: string) => `algolia-keyring/${applicationId}`;
/** One rotation at a time: the id is the lock. */
const rotationId = (applicationId: string) => `algolia-rotate/${applicationId}`;

export function addKeyCommand(program: Command): void {
  const key = program
    .command('key')
    .summary('see and rotate the API key')
    .description(
      'The key of the application that ALGOLIA_APPLICATION_ID names. Keys are named by reference; a value is never shown.',
    );
  addKeyStatusCommand(key);
  addKeyRotateCommand(key);
}

function addKeyStatusCommand(key: Command): void {
  key
    .command('status')
    .summary('show which key is current')
    .option('--json', 'print {workflowId, status, memo, state?}')
    .action(async ({ json }: { json?: true }) => {
      const ring = await withTemporal(readKeyRing);
      if (json) return printJson(ring);
      print(
        table(['key ring', ring.workflowId], [['status', ring.status], ...rowsOf(ring.memo), ...rowsOf(ring.state)]),
      );
    });
}

async function readKeyRing(session: Session) {
  const { client } = session;
  const workflowId = keyRingId(applicationOf(session));
  const handle = client.workflow.getHandle(workflowId);
  const { status, memo } = await handle.describe().catch((error: unknown) => {
    const why = 'so the key is the one in the configuration of each worker';
    throw (error as Error).name === 'WorkflowNotFoundError'
      ? new CliError(`There is no key ring ${workflowId}, ${why}.`, EXIT.notFound, error)
      : error;
  });
  const state = await queryWithin(client, handle, 'status');
  return { workflowId, status: status.name, memo: memo ?? {}, ...(state === undefined ? {} : { state }) };
}

function rowsOf(value: unknown): string[][] {
  return Object.entries(value ?? {}).map(([name, item]) => [
    name,
    typeof item === 'string' ? item : JSON.stringify(item),
  ]);
}

interface RotateOptions extends Omit<StartOptions, 'id'> {
  readonly to: string;
  readonly mint?: string;
  readonly overlap?: string;
  readonly soak?: string;
  readonly revoke?: string;
  readonly canaryTask?: string;
  readonly policy?: string;
  readonly reason?: string;
  readonly emergency?: true;
}

function addKeyRotateCommand(key: Command): void {
  key
    .command('rotate')
    .summary('switch to another key, behind an approval')
    .description(
      'Starts rotateApiKey: the new key is proven, an approval asked for, the key switched for every worker, the old one revoked when nothing uses it any more.',
    )
    .requiredOption('--to <reference>', 'the new key: file:path or env:SECRET_NAME, as the workers can read it')
    .addOption(new Option('--mint <who>', 'who makes the key').choices(['external', 'algolia']))
    .option('--overlap <duration>', 'how long the old key stays valid')
    .option('--soak <duration>', 'how long the new key is watched before it counts')
    .addOption(new Option('--revoke <how>', 'what becomes of the old key').choices(['delete', 'leave']))
    .option('--canary-task <taskID>', 'a task to run with the new key')
    .option('--policy <name>', 'the approval policy')
    .option('--reason <text>', 'shown to whoever approves')
    .option('--emergency', 'shorten the overlap, because the old key is known to others')
    .option('--as <name>', 'who asks for it (default: user@host)')
    .option('--wait', 'show what it is doing until it ends, and print its result as JSON')
    .option('--json', 'print {workflowId, runId, type}; with --wait, the result or the failure')
    .addHelpText(
      'after',
      `\nExample:\n  $ algolia-ingestion key rotate --to file:algolia/v8 --reason "yearly rotation" --wait`,
    )
    .action(async (options: RotateOptions) => {
      await withTemporal(
        (session) =>
          startWorkflow(
            session,
            { type: 'rotateApiKey', input: inputOf(options), id: rotationId(applicationOf(session)) },
            options,
          ),
        { identity: options.as },
      );
    });
}

function inputOf({ to, canaryTask, policy, mint, overlap, soak, revoke, reason, emergency, as }: RotateOptions) {
  const given = { mint, overlap, soak, revoke, canaryTaskID: canaryTask, reason, emergency, requestedBy: as };
  return {
    toSecret: to,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(policy === undefined ? {} : { approval: { policy } }),
  };
}

function applicationOf({ config }: Session): string {
  if (config.applicationId !== undefined) return config.applicationId;
  throw new CliError('ALGOLIA_APPLICATION_ID: not set: the application whose key is meant', EXIT.usage);
}
