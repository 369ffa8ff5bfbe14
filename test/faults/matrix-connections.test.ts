import { afterAll, beforeAll, test, vi } from 'vitest';
import { createPool, type Pool } from '../setup/pool.ts';
import { effects, matrixWorkflows, type MatrixWorkflow } from './matrix/endings.ts';
import { matrixFaults, type MatrixFault } from './matrix/faults.ts';
import { runCell } from './matrix/run-cell.ts';
import { setStage, type Stage } from './matrix/stage.ts';

const faults = matrixFaults.filter(({ connection, late }) => connection || late);
/** Most of their time these wait for their turn, or for an answer that doesn't come. */
vi.setConfig({ maxConcurrency: 24, testTimeout: 600_000 });

const stages: Stage[] = [];
const lanes = new Map<string, Pool<Stage>>();
/** A connection fault meets whoever connects, and an application has one rotation at a time: those take turns. */
const laneOf = (workflow: MatrixWorkflow, { name, late }: MatrixFault) =>
  late && workflow !== 'rotateApiKey' ? 'late' : name;

beforeAll(async () => {
  const set = async (lane: string, fault: Parameters<typeof setStage>[0], width: number) => {
    const stage = await setStage(fault);
    stages.push(stage);
    lanes.set(lane, createPool(Array.from({ length: width }, () => stage)));
  };
  await Promise.all([...faults.map((fault) => set(fault.name, fault, 1)), set('late', { late: true }, 8)]);
});
afterAll(() => Promise.all(stages.map((stage) => stage.strike())));

/** Rotations last: they revoke the key that the other cells are prepared with. */
const cells = matrixWorkflows.flatMap((workflow) =>
  effects.flatMap((effect) => faults.map((fault) => ({ workflow, effect, fault, name: fault.name }))),
);
test.concurrent.for(cells)('$workflow meets $name at a request of effect $effect', ({ workflow, effect, fault }) =>
  lanes.get(laneOf(workflow, fault))?.with((stage) => runCell(stage, workflow, effect, fault)),
);
