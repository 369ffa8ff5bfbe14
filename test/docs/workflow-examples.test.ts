import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rotateApiKeyId } from '../../src/workflows/rotate-api-key.ts';
import { answer } from '../setup/decide.ts';
import { exampleId, settled } from '../setup/example-settled.ts';
import { startExampleWorld, type ExampleWorld } from '../setup/example-world.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { workflowExamples } from './workflow-examples.ts';

/** What waits for hours or days once it is approved is not approved. */
const LONG = new Set(['rotateApiKey', 'rotateAuthentication']);

/** What takes things away is approved last. */
const isLast = ({ type }: { type: string }) => Number(type.startsWith('decommission'));

const examples = [...workflowExamples()]
  .flatMap(([type, inputs]) => inputs.map((input, place) => ({ type, input, name: `${type} ${place + 1}` })))
  .toSorted((one, other) => isLast(one) - isLast(other));

let world: ExampleWorld;
let worker: TestWorker;

beforeAll(async () => {
  world = await startExampleWorld();
  worker = await startTestWorker({ simulator: world.simulator, environment: world.environment });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
});

/** `completed`, or the types and messages of the failure and what is behind it. */
const endOf = (handle: WorkflowHandle): Promise<string> =>
  handle.result().then(
    () => 'completed',
    (error: unknown) => reasonsOf((error as WorkflowFailedError).cause).join(' ← '),
  );

function reasonsOf(error: (Error & { type?: string | null }) | undefined): string[] {
  return error ? [`${error.type ?? error.name}: ${error.message}`, ...reasonsOf(error.cause as Error | undefined)] : [];
}

// One after another: several of them work on the index `products`.
describe('an example of docs/workflows.md, with a reader’s own ids in it', () => {
  test.each(examples)('does what it says: $name', async ({ type, input, name }) => {
    const { client, taskQueue } = worker;
    const workflowId = exampleId(type, name.replace(' ', '-'), world.simulator.applicationId);
    const handle = await client.workflow.start(type, { taskQueue, workflowId, args: [world.realize(input)] });
    const state = await settled(handle);
    if (state === 'asked') await answer(handle, LONG.has(type) ? 'reject' : 'approve');
    if (state === 'waits') await handle.cancel();
    if (type === 'connectorPipeline')
      await answer(client.workflow.getHandle(rotateApiKeyId(world.simulator.applicationId)), 'reject');
    const ends = { closed: /^completed$/, asked: /^completed$/, waits: /^CancelledFailure/ };
    expect(await endOf(handle)).toMatch(type === 'rotateAuthentication' ? /^ApprovalDenied/ : ends[state]);
  });
});
