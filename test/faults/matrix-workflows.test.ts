import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { effects, matrixWorkflows } from './matrix/endings.ts';
import { matrixFaults } from './matrix/faults.ts';
import { runCell } from './matrix/run-cell.ts';
import { setStage, type Stage } from './matrix/stage.ts';

/** Most of the time of these tests is waiting. */
vi.setConfig({ maxConcurrency: 16, testTimeout: 300_000 });

const faults = matrixFaults.filter(({ connection, late }) => !connection && !late);

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.strike());

describe.concurrent.each(matrixWorkflows.filter((workflow) => workflow !== 'rotateApiKey'))('%s', (workflow) => {
  test.concurrent.for(effects.flatMap((effect) => faults.map((fault) => ({ effect, fault, name: fault.name }))))(
    'meets $name at a request of effect $effect',
    ({ effect, fault }) => runCell(stage, workflow, effect, fault),
  );
});
