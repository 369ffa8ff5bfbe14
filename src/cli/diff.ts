import { Argument, type Command } from 'commander';
import { loadManifest } from '../manifest/load-manifest.ts';
import { describeCounts, describePlan } from '../workflows/steps/describe-plan.ts';
import { EXIT } from './exit.ts';
import { offer, offerFiles } from './complete.ts';
import { addExamples } from './examples.ts';
import { MANIFEST_HELP, readPlan } from './manifest-call.ts';
import { print, printJson } from './output.ts';
import { PRUNE_HELP, type PlanOptions } from './plan.ts';
import { withTemporal } from './temporal.ts';

export function addDiffCommand(program: Command): void {
  const command = program
    .command('diff')
    .description('Compares every resource of a manifest, field by field, with what Algolia has. Nothing is changed.')
    .addArgument(offer(new Argument('<manifest>', MANIFEST_HELP), offerFiles))
    .option('--prune', `count as drift what \`apply --prune\` would do: ${PRUNE_HELP}`)
    .option('--json', 'print {drift, counts, differences: [{change, kind, name, id, differences}], foreign, notes}')
    .addHelpText(
      'after',
      `
Credentials can't be compared: Algolia doesn't answer them.
Exit codes: 0 no drift, 1 drift. What is not in the manifest is shown, and is drift with --prune only.`,
    )
    .action(async (path: string, { prune = false, json }: Omit<PlanOptions, 'prune'> & { prune?: boolean }) => {
      const manifest = loadManifest(path);
      const planned = await withTemporal((session) => readPlan(session, path, manifest, prune));
      const { plan, foreign, notes } = planned;
      const drift = plan.steps.length > 0;
      if (drift) process.exitCode = EXIT.failed;
      if (json) {
        const differences = plan.steps.map((step) => ({
          change: step.change,
          kind: step.kind,
          name: step.name,
          id: step.change === 'create' ? (step.replaces ?? null) : step.id,
          differences: step.change === 'delete' ? [] : (step.differences ?? []),
        }));
        return printJson({ drift, counts: plan.counts, differences, foreign, notes });
      }
      for (const line of describePlan(planned)) print(line);
      print(
        drift ? `drift: ${describeCounts(plan.counts, 'to come')}` : `no drift: ${plan.counts.unchanged} as declared`,
      );
    });
  addExamples(command, ['algolia-ingestion diff connectors.yaml']);
}
