import type { ActivityExecutionFailedError } from '@temporalio/client';
import type { ApplicationFailure, RetryPolicy } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { AlgoliaErrorDetails } from '../../src/algolia/algolia-error.ts';
import { callAlgolia } from '../setup/connector.ts';
import { createPool, type Pool } from '../setup/pool.ts';
import { effects, type Effect } from './matrix/endings.ts';
import { matrixFaults, outcomeOf, requestsOf, type MatrixFault } from './matrix/faults.ts';
import { arrange, setStage, type Stage } from './matrix/stage.ts';

vi.setConfig({ maxConcurrency: 24 });

/** Nobody waits here for what Algolia asks for. */
const PATIENCE_MS = 5_000;
const lanes = new Map<string, Pool<Stage>>();
const stages: Stage[] = [];
/** Faults of a connection meet whoever connects: one at a time. Those of a request know theirs. */
const laneOf = ({ connection, late }: MatrixFault) => connection ?? (late ? 'late' : 'requests');

beforeAll(async () => {
  const kinds = new Map(matrixFaults.map((fault) => [laneOf(fault), fault]));
  await Promise.all(
    [...kinds].map(async ([lane, fault]) => {
      const stage = await setStage(fault);
      stages.push(stage);
      lanes.set(lane, createPool(fault.connection ? [stage] : Array.from({ length: 24 }, () => stage)));
    }),
  );
});
afterAll(() => Promise.all(stages.map((stage) => stage.strike())));

const cells = effects.flatMap((effect) => matrixFaults.map((fault) => ({ effect, fault, name: fault.name })));
test.concurrent.for(cells)('a call of effect $effect that meets $name', async ({ effect, fault }) => {
  const outcome = outcomeOf(fault, effect);
  const retryable = requestsOf[outcome] > 1;
  await lanes.get(laneOf(fault))?.with(async (stage) => {
    const first = await call(stage, effect, fault, { maximumAttempts: 1 });
    expect(first).toEqual({ outcome, requests: 1, retryable, waitMs: fault.waitMs });
    if ((fault.waitMs ?? 0) > PATIENCE_MS) return;
    // Sent again is only what may be, and then it is answered; what is ambiguous ends as that.
    const second = await call(stage, effect, fault, { initialInterval: '10ms', maximumAttempts: 3 });
    expect(second).toMatchObject({ outcome: retryable ? 'answer' : outcome, requests: requestsOf[outcome] });
  });
});

/** One call as an activity, with the fault at its first request. */
async function call(stage: Stage, effect: Effect, fault: MatrixFault, retry: RetryPolicy) {
  const { simulator, client, taskQueue } = stage;
  const name = `call-${randomUUID()}`;
  const source = { type: 'json', name, input: { url: 'http://127.0.0.1:9/' } };
  const { sourceID = '' } = effect === 'once' ? {} : await callAlgolia(simulator, 'POST /1/sources', source);
  const [operation, input] = (
    {
      read: ['getSource', { sourceID }],
      idempotent: ['updateSource', { sourceID, sourceUpdate: { name } }],
      once: ['createSource', source],
    } as const
  )[effect];
  const subject = {
    operation,
    names: (text: string) => text.includes(name) || (sourceID !== '' && text.includes(sourceID)),
  };
  const encounter = arrange(stage, fault, subject);
  const execute = (attempt: number) =>
    client.activity
      .execute(operation, {
        id: `${name}-${attempt}`,
        taskQueue,
        args: [input],
        startToCloseTimeout: '40s',
        heartbeatTimeout: '15s',
        retry,
      })
      .then(
        () => undefined,
        (error: unknown) => (error as ActivityExecutionFailedError).cause as ApplicationFailure,
      );
  let failure = await execute(1);
  // On a machine that stood still, a request is given up before it is written; the retries of a workflow would send it.
  for (let attempt = 2; !encounter.met() && failure?.type === 'AlgoliaUnavailable' && attempt <= 5; attempt += 1)
    failure = await execute(attempt);
  expect({ met: encounter.met(), failure: failure?.message }).toMatchObject({ met: true });
  const made = simulator.world.sources.values().filter((one) => one.name === name).length;
  const { retryAfterMs: waitMs } = (failure?.details?.[0] ?? {}) as Partial<AlgoliaErrorDetails>;
  expect(made).toBe(effect !== 'once' || fault.effect === 'done' || failure === undefined ? 1 : 0);
  return {
    outcome: failure?.type ?? 'answer',
    requests: encounter.requests(),
    retryable: failure !== undefined && !failure.nonRetryable,
    waitMs,
  };
}
