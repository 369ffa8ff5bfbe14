import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createReadSender, readRequester, type Sender } from '../../src/activities/read-sender.ts';

// No server at hand authenticates anybody, so here the histories are made up; test/workflows/steps/approval.test.ts has real ones.
type Event = Record<string, unknown>;
const seconds = (value: number) => ({ seconds: { toNumber: () => value }, nanos: 5_000_000 });
const signal = (signalName: string, at: number, rest: Event = {}, principal?: string): Event => ({
  eventTime: seconds(at),
  workflowExecutionSignaledEventAttributes: { signalName, ...rest },
  ...(principal ? { principal: { type: 'jwt', name: principal } } : {}),
});
const started = (attributes: Event, principal?: string): Event => ({
  workflowExecutionStartedEventAttributes: attributes,
  ...(principal ? { principal: { type: 'jwt', name: principal } } : {}),
});

/** Runs an activity of workflow `own` (run `run`) among these histories, by `workflowId/runId`, two events a page. */
function among(histories: Readonly<Record<string, readonly Event[]>>) {
  const getWorkflowExecutionHistory = async (request: {
    execution: { workflowId: string; runId: string };
    nextPageToken?: Uint8Array;
  }) => {
    const events = histories[`${request.execution.workflowId}/${request.execution.runId}`] ?? [];
    const from = request.nextPageToken?.[0] ?? 0;
    const nextPageToken = from + 2 < events.length ? Uint8Array.of(from + 2) : new Uint8Array();
    return { history: { events: events.slice(from, from + 2) }, nextPageToken };
  };
  const client = {
    options: { namespace: 'default' },
    workflowService: { getWorkflowExecutionHistory },
    withAbortSignal: (_: AbortSignal, run: () => unknown) => run(),
  };
  return new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'own', runId: 'run' } },
    { client: client as unknown as Client, logger: new DefaultLogger('ERROR') },
  );
}

test('the n-th signal of a name is found, across pages and between others', async () => {
  const environment = among({
    'own/run': [
      started({ identity: 'ana' }),
      signal('approve', 1, { identity: 'one' }),
      signal('reject', 2, { identity: 'two' }),
      signal('approve', 3, { identity: 'three' }),
      signal('approve', 4, { identity: 'four' }),
    ],
  });
  expect(await environment.run(createReadSender(), { name: 'approve', n: 2 })).toEqual({
    at: '1970-01-01T00:00:03.005Z',
    identity: 'three',
  });
  expect(await environment.run(createReadSender(), { name: 'reject', n: 1 })).toMatchObject({ identity: 'two' });
  await expect(environment.run(createReadSender(), { name: 'approve', n: 4 })).rejects.toThrow(
    'does not show the 4th signal',
  );
});

test('a history is read once for all the signals in it, and again for one that came later', async () => {
  const read = createReadSender();
  let reads = 0;
  const events = ['one', 'two'].map((identity, at) => signal('approve', at, { identity }));
  const environment = among({
    get 'own/run'() {
      reads += 1;
      return events;
    },
  });
  for (const [place, identity] of ['one', 'two'].entries())
    expect(await environment.run(read, { name: 'approve', n: place + 1 })).toMatchObject({ identity });
  expect(reads).toBe(1);
  events.push(signal('approve', 3, { identity: 'three' }));
  expect(await environment.run(read, { name: 'approve', n: 3 })).toMatchObject({ identity: 'three' });
});

test('once the server authenticates senders, only those whom it did count', async () => {
  const environment = among({
    'own/run': [
      started({ identity: 'ana' }, 'ana@corp'),
      signal('approve', 1, { identity: 'claims to be carol' }, 'bob@corp'),
      signal('approve', 2, { identity: 'carol@corp' }),
    ],
  });
  expect(await environment.run(createReadSender(), { name: 'approve', n: 1 })).toMatchObject({ principal: 'bob@corp' });
  const second = (await environment.run(createReadSender(), { name: 'approve', n: 2 })) as Sender;
  expect(second).not.toHaveProperty('identity');
  expect(second.problem).toMatch('did not authenticate the sender');
});

test('a signal that a workflow sent is nobody’s', async () => {
  const environment = among({
    'own/run': [signal('approve', 1, { identity: 'bob', externalWorkflowExecution: { workflowId: 'robot' } })],
  });
  expect(await environment.run(createReadSender(), { name: 'approve', n: 1 })).toMatchObject({
    problem: 'sent by the workflow robot, not by a person',
  });
});

test('who started the first of all runs and the topmost parent asked for it', async () => {
  const environment = among({
    'own/run': [
      started({
        identity: 'worker',
        firstExecutionRunId: 'run',
        parentWorkflowExecution: { workflowId: 'parent', runId: 'p2' },
      }),
    ],
    'parent/p2': [started({ identity: 'worker', firstExecutionRunId: 'p1' })],
    'parent/p1': [started({ identity: 'ana', firstExecutionRunId: 'p1' }, 'ana@corp')],
  });
  expect(await environment.run(readRequester)).toEqual({ identity: 'ana', principal: 'ana@corp' });
});

test('a start without a sender has no requester', async () => {
  const environment = among({ 'own/run': [started({ identity: '', firstExecutionRunId: 'run' })] });
  expect(await environment.run(readRequester)).toEqual({});
});
