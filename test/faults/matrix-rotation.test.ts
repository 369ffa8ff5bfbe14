import { afterAll, beforeAll, test, vi } from 'vitest';
import { createPool, type Pool } from '../setup/pool.ts';
import { effects } from './matrix/endings.ts';
import { matrixFaults } from './matrix/faults.ts';
import { runCell } from './matrix/run-cell.ts';
import { setStage, type Stage } from './matrix/stage.ts';

/** An application has one rotation at a time, most of which is waiting. */
const APPLICATIONS = 10;
vi.setConfig({ maxConcurrency: APPLICATIONS, testTimeout: 300_000 });

const faults = matrixFaults.filter(({ connection, late }) => !connection && !late);

let stages: readonly Stage[];
let pool: Pool<Stage>;
beforeAll(async () => {
  stages = await Promise.all(Array.from({ length: APPLICATIONS }, () => setStage()));
  pool = createPool(stages);
});
afterAll(() => Promise.all(stages.map((stage) => stage.strike())));

test.concurrent.for(effects.flatMap((effect) => faults.map((fault) => ({ effect, fault, name: fault.name }))))(
  'rotateApiKey meets $name at a request of effect $effect',
  ({ effect, fault }) => pool.with((stage) => runCell(stage, 'rotateApiKey', effect, fault)),
);
