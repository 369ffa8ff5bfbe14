import { Argument, type Command } from 'commander';
import { planHash } from '../approvals/plan-hash.ts';
import { cliCommand } from '../config.ts';
import { loadManifest } from '../manifest/load-manifest.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { applyManifestId, type ApplyManifestInput } from '../workflows/apply-manifest.ts';
import { applicationOf } from './application.ts';
import { checkWorkflowInput } from './check-workflow-input.ts';
import { CliError, EXIT } from './exit.ts';
import { offer, offerFiles } from './complete.ts';
import { addExamples } from './examples.ts';
import { MANIFEST_HELP, readPlan } from './manifest-call.ts';
import { nameOption } from './name-option.ts';
import { print, remark } from './output.ts';
import { PRUNE_HELP, showPlan, type PlanOptions } from './plan.ts';
import { startWorkflow, type StartOptions } from './start.ts';
import { withTemporal, type Session } from './temporal.ts';
import { workflowUrl } from './web-ui.ts';

interface ApplyOptions extends PlanOptions, Omit<StartOptions, 'id' | 'json'> {
  readonly dryRun?: true;
  readonly planHash?: string;
  readonly policy?: string;
  readonly reason?: string;
}

export function addApplyCommand(program: Command): void {
  const command = program
    .command('apply')
    .description(
      'Shows the plan and starts the workflow applyManifest: the plan is approved, made step by step, and verified. One at a time for each\napplication. Where there is nothing to do, nothing is started.',
    )
    .addArgument(offer(new Argument('<manifest>', MANIFEST_HELP), offerFiles))
    .option('--prune', PRUNE_HELP)
    .option('--dry-run', 'show the plan only')
    .option('--plan-hash <hash>', 'do it only if the plan is still the one with this hash')
    .option('--policy <name>', 'the approval policy')
    .option('--reason <text>', 'shown to whoever approves')
    .option('--as <name>', 'who asks for it, and so may not approve it (default: user@host)', nameOption)
    .option('--wait', 'show what it is doing until it ends, and print its result as JSON')
    .option(
      '--json',
      'print {workflowId, runId, type}; with --wait, the result or the failure; with --dry-run, the plan',
    )
    .action(async (path: string, options: ApplyOptions) => {
      const manifest = loadManifest(path);
      await withTemporal((session) => apply(session, path, manifest, options), { identity: options.as });
    });
  addExamples(command, [
    'algolia-ingestion apply connectors.yaml --dry-run',
    'algolia-ingestion apply connectors.yaml --reason "the spring shops" --wait',
  ]);
}

async function apply(session: Session, path: string, manifest: Manifest, options: ApplyOptions): Promise<void> {
  const planned = await readPlan(session, path, manifest, options.prune ?? false);
  const hash = planHash(planned.plan);
  if (options.planHash !== undefined && options.planHash !== hash && planned.plan.steps.length > 0)
    throw new CliError(`The plan is not ${options.planHash} any more, but ${hash}. Nothing was started.`);
  const isNothing = planned.plan.steps.length === 0;
  if (options.dryRun || isNothing || !options.json) showPlan(planned, options);
  if (isNothing && !options.json) print('Nothing to do.');
  if (options.dryRun && !options.json) print('Nothing was changed: --dry-run.');
  if (options.dryRun || isNothing) return;
  const { applicationId } = planned.plan;
  if (session.config.applicationId !== undefined && applicationOf(session) !== applicationId)
    throw new CliError(
      `ALGOLIA_APPLICATION_ID is ${applicationOf(session)}, but the worker serves ${applicationId}. Nothing was started.`,
      EXIT.usage,
    );
  const input = inputOf(manifest, hash, options);
  checkWorkflowInput('applyManifest', input);
  const id = applyManifestId(applicationId);
  const url = workflowUrl(session, id);
  if (url !== undefined) remark(`watch and approve: ${url}`);
  const result = await startWorkflow(session, { type: 'applyManifest', input, id }, options);
  if (result === undefined && !options.json && !options.wait)
    print(`approve: ${cliCommand()} approve ${id} --as <name>`);
}

/** Bound to the plan that was shown. */
function inputOf(manifest: Manifest, hash: string, { prune, reason, policy, as }: ApplyOptions): ApplyManifestInput {
  return {
    manifest,
    planHash: hash,
    ...(prune ? { prune } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(policy === undefined ? {} : { approval: { policy } }),
    ...(as === undefined ? {} : { requestedBy: as }),
  };
}
