import { expect } from 'vitest';
import { endingOf, type Effect, type MatrixWorkflow } from './endings.ts';
import type { MatrixFault } from './faults.ts';
import { provisionCell } from './provision-cell.ts';
import { pushCell } from './push-cell.ts';
import { rotateCell } from './rotate-cell.ts';
import { arrange, type Stage, type Subject } from './stage.ts';
import { syncCell } from './sync-cell.ts';

/** A workflow that is ready to meet a fault. */
export interface Cell {
  /** The requests of which the first meets it. */
  readonly subject: Subject;
  /** These requests are made again and again, whatever happens. */
  readonly polls?: boolean;
  /** Runs to the end, and says what is seen then: in the workflow's own words, and at Algolia. */
  readonly run: () => Promise<string>;
}

const cells = {
  syncTask: syncCell,
  provisionConnector: provisionCell,
  pushRecords: pushCell,
  rotateApiKey: rotateCell,
} satisfies Record<MatrixWorkflow, (stage: Stage, effect: Effect) => Promise<Cell>>;

/** Lets one workflow meet one fault, and holds what is seen then against the table. */
export async function runCell(
  stage: Stage,
  workflow: MatrixWorkflow,
  effect: Effect,
  fault: MatrixFault,
): Promise<void> {
  const { subject, polls, run } = await cells[workflow](stage, effect);
  const encounter = arrange(stage, fault, subject);
  const ending = await run();
  expect(encounter.met()).toBe(true);
  expect({ ending, ...(polls ? {} : { requests: encounter.requests() }) }).toEqual(endingOf(workflow, effect, fault));
}
