import { Option, type Command } from 'commander';
import { rotateApiKeyId, type RotateApiKeyResult } from '../workflows/rotate-api-key.ts';
import { applicationOf } from './application.ts';
import { checkWorkflowInput } from './check-workflow-input.ts';
import { addExamples } from './examples.ts';
import { EXIT } from './exit.ts';
import { nameOption } from './name-option.ts';
import { startWorkflow, type StartOptions } from './start.ts';
import { withTemporal } from './temporal.ts';

interface RotateOptions extends Omit<StartOptions, 'id'> {
  readonly to: string;
  readonly mint?: string;
  readonly overlap?: string;
  readonly soak?: string;
  readonly revoke?: string;
  readonly canaryTask?: string;
  readonly policy?: string;
  readonly reason?: string;
  readonly adminSecret?: string;
  readonly emergency?: true;
}

export function addKeyRotateCommand(key: Command): void {
  const command = key
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
    .option('--admin-secret <reference>', 'the admin key, where a key is to be made or deleted')
    .option('--canary-task <taskID>', 'a task to run with the new key')
    .option('--policy <name>', 'the approval policy')
    .option('--reason <text>', 'shown to whoever approves')
    .option('--emergency', 'shorten the overlap, because the old key is known to others')
    .option('--as <name>', 'who asks for it (default: user@host)', nameOption)
    .option('--wait', 'show what it is doing until it ends, and print its result as JSON')
    .option('--json', 'print {workflowId, runId, type}; with --wait, the result or the failure')
    .action(async (options: RotateOptions) => {
      const input = inputOf(options);
      checkWorkflowInput('rotateApiKey', input);
      const result = await withTemporal(
        (session) =>
          startWorkflow(session, { type: 'rotateApiKey', input, id: rotateApiKeyId(applicationOf(session)) }, options),
        { identity: options.as },
      );
      // A denied approval is an answer of the workflow; here it is one to act upon.
      if ((result as RotateApiKeyResult | undefined)?.outcome === 'abandoned') process.exitCode = EXIT.denied;
    });
  addExamples(command, ['algolia-ingestion key rotate --to file:algolia/v8 --reason "yearly rotation" --wait']);
}

function inputOf({
  to,
  canaryTask,
  policy,
  as,
  mint,
  overlap,
  soak,
  revoke,
  adminSecret,
  reason,
  emergency,
}: RotateOptions) {
  const given = {
    mint,
    overlap,
    soak,
    revoke,
    adminSecret,
    canaryTaskID: canaryTask,
    reason,
    emergency,
    requestedBy: as,
  };
  return {
    toSecret: to,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(policy === undefined ? {} : { approval: { policy } }),
  };
}
