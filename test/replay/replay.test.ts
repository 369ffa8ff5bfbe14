import { Worker } from '@temporalio/worker';
import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { expect, inject, test } from 'vitest';
import { installQuietRuntime } from '../../scripts/install-quiet-runtime.ts';
import { sharedWorkflows, tracingPath } from '../../src/workflow-bundle.ts';
import * as workflows from '../../src/workflows/index.ts';
import { bundleWorkflows } from '../setup/bundle-workflows.ts';
import { cutTasks } from './cut-tasks.ts';

installQuietRuntime();

const directory = new URL('./', import.meta.url);
/** `<workflow>-<case>.json`: the history of a workflow, usually with that id. */
const files = (await readdir(directory)).filter((file) => file.endsWith('.json')).toSorted();
const traced = (await readdir(new URL('traced/', directory))).map((file) => `traced/${file}`);
/** What former versions have recorded: those between 0.1 and 0.2 asked for a patch after a local activity, and couldn't be cut. */
const former = (await readdir(new URL('former/', directory))).map((file) => `former/${file}`);

interface History {
  readonly events: {
    readonly eventId: string;
    readonly eventType: string;
    readonly workflowExecutionStartedEventAttributes?: { workflowId: string };
    readonly activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}
const read = async (file: string) => JSON.parse(await readFile(new URL(file, directory), 'utf8')) as History;

/** A workflow whose id is its lock looks at it. */
const idOf = ({ events: [started] }: History) => started?.workflowExecutionStartedEventAttributes?.workflowId ?? '';

/** Why each history can't be replayed; undefined where it can. */
async function replay(
  histories: Iterable<{ workflowId: string; history: unknown }>,
  workflowBundle = inject('workflowBundle'),
) {
  const outcomes = new Map<string, Error | undefined>();
  // What spans are sent to; a replay sends none.
  const sinks = { tracing: { record: { fn: () => expect.unreachable('a span of a replay') } } };
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle, sinks }, histories))
    outcomes.set(workflowId, error);
  return outcomes;
}

/** Which files can't be replayed, and why. */
async function failures(
  names: readonly string[],
  workflowBundle?: { codePath: string },
  change = (history: History) => history,
): Promise<Record<string, Error>> {
  const failed: Record<string, Error> = {};
  for (const file of names) {
    const history = change(await read(file));
    const [outcome] = await replay([{ workflowId: idOf(history), history }], workflowBundle);
    if (!outcome) throw new Error(`${file} was not replayed`);
    if (outcome[1]) failed[file] = outcome[1];
  }
  return failed;
}

test('every recorded history replays with the workflows as they are now', async () => {
  expect(await failures([...files, ...former])).toEqual({});
});

test('they replay with tracing too, so that it may be turned on while workflows run', async () => {
  expect(await failures(files, await bundleWorkflows(sharedWorkflows({ tracingPath })))).toEqual({});
});

test("so do those that were recorded with Temporal's own interceptors for OpenTelemetry, as of 0.1", async () => {
  expect(await failures(traced, await bundleWorkflows(sharedWorkflows({ tracingPath })))).toEqual({});
});

test('they replay where a query has cut workflow tasks in two', async () => {
  expect(await failures(files, undefined, cutTasks)).toEqual({});
});

test('a history that the workflows would not have made is told', async () => {
  const history = await read('syncTask-success.json');
  for (const { activityTaskScheduledEventAttributes: scheduled } of history.events)
    if (scheduled?.activityType.name === 'runTask') scheduled.activityType.name = 'runSource';
  const outcomes = await replay([{ workflowId: 'tampered', history }]);
  expect(outcomes.get('tampered')?.message).toContain('runSource');
});

test('every registered workflow has a recorded history', () => {
  const recorded = new Set(files.map((file) => file.slice(0, file.indexOf('-'))));
  const missing = Object.keys(workflows).filter((type) => !recorded.has(type));
  expect(missing).toEqual([]);
});

test.each([...files, ...former, ...traced])('%s names no machine', async (file) => {
  const text = await readFile(new URL(file, directory), 'utf8');
  const identities = new Set([...text.matchAll(/"identity": "([^"]*)"/g)].map(([, identity]) => identity));
  expect([...identities]).toEqual(['recorder']);
  expect(text).not.toMatch(new RegExp(`\\d+@|${hostname()}-|/home/|/work/|"stackTrace": "[^"]`));
  // Payloads are base64: what they hold is looked at, too.
  for (const [, data = ''] of text.matchAll(/"data": "([^"]+)"/g))
    expect(Buffer.from(data, 'base64').toString()).not.toMatch(/recorded-password|demo-key|\/work\/|\/home\//);
});
