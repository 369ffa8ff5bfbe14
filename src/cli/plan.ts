import { Argument, type Command } from 'commander';
import { planHash } from '../approvals/plan-hash.ts';
import { loadManifest } from '../manifest/load-manifest.ts';
import type { Planned } from '../manifest/plan.ts';
import { describeCounts, describePlan } from '../workflows/steps/describe-plan.ts';
import { offer, offerFiles } from './complete.ts';
import { addExamples } from './examples.ts';
import { MANIFEST_HELP, readPlan } from './manifest-call.ts';
import { print, printJson } from './output.ts';
import { withTemporal } from './temporal.ts';

export interface PlanOptions {
  readonly prune?: true;
  readonly json?: true;
}

export const PRUNE_HELP = "delete what the manifest's sections don't mention, and make anew what can't be changed";

export function addPlanCommand(program: Command): void {
  const command = program
    .command('plan')
    .description(
      'Compares a manifest with what Algolia has, and shows the changes that `apply` would make, in their order, with the hash of the plan.\nNothing is changed.',
    )
    .addArgument(offer(new Argument('<manifest>', MANIFEST_HELP), offerFiles))
    .option('--prune', PRUNE_HELP)
    .option('--json', 'print {planHash, plan: {counts, steps, …}, foreign, notes}')
    .addHelpText(
      'after',
      `
+ is created, ~ updated, - deleted, ? not in the manifest, ! worth knowing.
The exit code is 0 whether there are changes or not; \`diff\` tells them apart.`,
    )
    .action(async (path: string, options: PlanOptions) => {
      const manifest = loadManifest(path);
      const planned = await withTemporal((session) => readPlan(session, path, manifest, options.prune ?? false));
      showPlan(planned, options);
    });
  addExamples(command, ['algolia-ingestion plan connectors.yaml --prune']);
}

export function showPlan(planned: Planned, { json, prune }: PlanOptions): void {
  const hash = planHash(planned.plan);
  if (json) return printJson({ planHash: hash, ...planned });
  for (const line of describePlan(planned)) print(line);
  print(describeCounts(planned.plan.counts, 'to come'));
  if (planned.plan.steps.length > 0) print(`plan ${hash}`);
  if (planned.foreign.length > 0 && !prune)
    print(`${planned.foreign.length} not in the manifest; --prune deletes them`);
}
