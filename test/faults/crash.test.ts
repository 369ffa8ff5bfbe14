import { describe, expect, inject, test } from 'vitest';
import { startMortalTemporal } from '../setup/mortal-temporal.ts';
import '../setup/start-worker.ts';
import { runRound } from './crash/run-round.ts';

const { codePath } = inject('workflowBundle');
/** A round that is told to end may have to look after many things. */
const timeout = 400_000;

/** `npm run crash` runs more of them. */
describe.concurrent('whatever goes wrong, in whatever order, what was wanted happens once', () => {
  test.for([1, 20_261_125])('seed %i', { timeout }, async (seed) => {
    expect(await runRound({ seed, ...inject('temporal'), codePath })).toMatchObject({ seed, violations: [] });
  });

  test('also when the Temporal server is killed, and comes back with what it had on disk', { timeout }, async () => {
    const { address, namespace, restart, stop } = await startMortalTemporal();
    try {
      const round = await runRound({ seed: 7, address, namespace, codePath, restartTemporal: restart });
      expect(round).toMatchObject({ seed: 7, violations: [] });
    } finally {
      await stop();
    }
  });
});
