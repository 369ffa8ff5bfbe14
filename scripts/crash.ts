import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sharedWorkflows } from '../src/workflow-bundle.ts';
import { runRound } from '../test/faults/crash/run-round.ts';
import { setup as compile } from '../test/setup/compile.ts';
import { startMortalTemporal } from '../test/setup/mortal-temporal.ts';
import { installQuietRuntime } from './install-quiet-runtime.ts';

/** `npm run crash -- --rounds 50 --seed 1 --hazards 20`: rounds of random failures, each of which is to come to nothing. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    hazards: { type: 'string', default: '10' },
  },
});
installQuietRuntime();
// The workers that are spawned are compiled ones.
await compile();
const directory = mkdtempSync(join(tmpdir(), 'crash-'));
const codePath = join(directory, 'workflows.js');
const { code } = await bundleWorkflowCode({ ...sharedWorkflows(), logger: new DefaultLogger('WARN') });
writeFileSync(codePath, code);
const { address, namespace, restart, stop } = await startMortalTemporal();
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const seed = Number(values.seed) + round;
    // Every other one also kills the server.
    const restartTemporal = round % 2 === 1 ? { restartTemporal: restart } : {};
    const hazards = Number(values.hazards);
    const { story, violations } = await runRound({ seed, address, namespace, codePath, hazards, ...restartTemporal });
    console.log(`seed ${seed}: ${violations.length === 0 ? 'holds' : 'DOES NOT HOLD'}`);
    if (violations.length === 0) continue;
    process.exitCode = 1;
    console.log([...story.map((what) => `  ${what}`), ...violations.map((what) => `  ! ${what}`)].join('\n'));
  }
} finally {
  await stop();
  rmSync(directory, { recursive: true, force: true });
}
