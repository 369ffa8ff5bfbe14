import type { AlgoliaClient } from '../algolia/client.ts';
import type { OutputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { inParallel } from './in-parallel.ts';
import { ingests } from './inspect-task.ts';
import type { ListTaskIDsInput } from './list-task-ids.ts';
import type { Look, Problem } from './problem.ts';
import { startOfLongestRun } from './start-of-longest-run.ts';
import { callWith, type Call } from './with-fresh-key.ts';

const PAGE_SIZE = 100;
/** A task whose runs fail every minute is known well enough by these. */
const MAX_RUN_PAGES = 10;
const AT_A_TIME = 8;
/** An outage makes everything stale at once; people need not be told of all of it by name. */
const MAX_PROBLEMS = 500;
/** The alert book and its notices hold hundreds of them, and Temporal takes no more than 2 MB at once. */
const MAX_REASON = 200;

export interface InspectConnectorsInput {
  readonly expect: readonly { readonly taskID: string; readonly maxAgeMs: number }[];
  readonly taskFilter?: ListTaskIDsInput['filter'];
  /** Of the tasks that the filter lets pass. */
  readonly maxAgeMs?: number;
  readonly maxRunMs: number;
  /** ms since 1970. */
  readonly now: number;
  /** Keys of problems that are known. */
  readonly open: readonly string[];
}

type Task = Pick<OutputOf<'getTask'>, 'taskID' | 'enabled' | 'createdAt' | 'updatedAt'>;
type Run = OutputOf<'getRun'>;

/** Looks at every task that is watched for what nobody would notice: disabled, blocked, stale, stuck or gone. */
export function createInspectConnectors(client: AlgoliaClient, keys: ApiKeys) {
  return async function inspectConnectors(input: InspectConnectorsInput): Promise<Look> {
    return attempt((signal) => inspect(callWith(client, keys, signal), input));
  };
}

async function inspect(call: Call, input: InspectConnectorsInput): Promise<Look> {
  const { tasks, gone } = await readTasks(call, input);
  const running = await readRunning(call, input.now);
  const problems: Problem[] = gone.map((taskID) => ({
    key: `task/${taskID}/gone`,
    kind: 'connector.gone',
    text: `task ${taskID} is expected to run, but Algolia has no such task`,
  }));
  const looked = new Set(gone.map((taskID) => `task/${taskID}/gone`));
  await inParallel([...tasks.values()], AT_A_TIME, async ({ task, maxAgeMs }) => {
    const found = await inspectTaskState(call, task, maxAgeMs, input);
    const stuck = lookForStuck(task, running.get(task.taskID), input);
    const { taskID } = task;
    // Of a task that may not run nobody can say whether it is stale.
    const kinds = ['gone', 'stuck', 'disabled', 'blocked', ...(task.enabled === false ? [] : ['stale'])];
    for (const kind of kinds) looked.add(`task/${taskID}/${kind}`);
    problems.push(...[found, stuck].filter((problem) => problem !== undefined));
  });
  const wrong = new Set(problems.map(({ key }) => key));
  const many = problems.length > MAX_PROBLEMS;
  const fine = input.open.filter((key) => (key === MANY ? !many : looked.has(key) && !wrong.has(key)));
  return { problems: many ? shorten(problems) : problems, fine, checked: tasks.size + gone.length };
}

const MANY = 'task/*/many';

function shorten(problems: readonly Problem[]): Problem[] {
  const text = `${problems.length} problems with connectors, of which ${MAX_PROBLEMS} are told by name`;
  const sorted = problems.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return [...sorted.slice(0, MAX_PROBLEMS), { key: MANY, kind: 'connector.many', text }];
}

interface Watched {
  readonly task: Task;
  readonly maxAgeMs: number | undefined;
}

async function readTasks(
  call: Call,
  { expect, taskFilter, maxAgeMs }: InspectConnectorsInput,
): Promise<{ tasks: Map<string, Watched>; gone: string[] }> {
  const tasks = new Map<string, Watched>();
  for (let page = 1; taskFilter; page += 1) {
    const { tasks: listed } = await call('listTasks', {
      ...taskFilter,
      itemsPerPage: PAGE_SIZE,
      page,
      sort: 'createdAt',
      order: 'asc',
    });
    for (const task of listed) if (task.taskID) tasks.set(task.taskID, { task: task as Task, maxAgeMs });
    if (listed.length < PAGE_SIZE) break;
  }
  const gone: string[] = [];
  for (let first = 0; first < expect.length; first += PAGE_SIZE) {
    const wanted = expect.slice(first, first + PAGE_SIZE);
    const found = await call('searchTasks', { taskIDs: wanted.map(({ taskID }) => taskID) });
    for (const { taskID, maxAgeMs: itsMaxAgeMs } of wanted) {
      const task = found.find((candidate) => candidate.taskID === taskID);
      if (task) tasks.set(taskID, { task, maxAgeMs: itsMaxAgeMs });
      else gone.push(taskID);
    }
  }
  return { tasks, gone };
}

/** The oldest run of each task that is not over. */
async function readRunning(call: Call, now: number): Promise<Map<string, Run>> {
  const startDate = startOfLongestRun(now);
  const oldest = new Map<string, Run>();
  for (let page = 1; ; page += 1) {
    const status = ['created', 'started'] as const;
    const { runs } = await call('listRuns', {
      status: [...status],
      startDate,
      itemsPerPage: PAGE_SIZE,
      page,
      sort: 'createdAt',
      order: 'asc',
    });
    for (const run of runs.filter(ingests)) if (run.taskID && !oldest.has(run.taskID)) oldest.set(run.taskID, run);
    if (runs.length < PAGE_SIZE) return oldest;
  }
}

function lookForStuck({ taskID }: Task, run: Run | undefined, { maxRunMs, now }: InspectConnectorsInput) {
  const since = run?.startedAt ?? run?.createdAt;
  if (!run || !since || now - Date.parse(since) <= maxRunMs) return undefined;
  const problem: Problem = {
    key: `task/${taskID}/stuck`,
    kind: 'connector.stuck',
    text: `run ${run.runID} of task ${taskID} has been ${run.status} since ${since}`,
  };
  return problem;
}

/** Disabled, blocked or stale: the first of these is the cause of the others. */
async function inspectTaskState(
  call: Call,
  task: Task,
  maxAgeMs: number | undefined,
  { maxRunMs, now }: InspectConnectorsInput,
): Promise<Problem | undefined> {
  const { taskID } = task;
  const disabled = task.enabled === false;
  if (!disabled && maxAgeMs === undefined) return undefined;
  // A run may have begun long before it succeeded.
  const startDate = new Date(now - (maxAgeMs ?? 0) - Math.max(maxRunMs, 24 * 3_600_000)).toISOString();
  const youngEnough = (run: Run) => now - Date.parse(run.finishedAt ?? run.createdAt ?? '') <= (maxAgeMs ?? Infinity);
  let newest: Run | undefined;
  let lastSuccess: Run | undefined;
  for (let page = 1; page <= MAX_RUN_PAGES && !lastSuccess; page += 1) {
    const { runs } = await call('listRuns', {
      taskID,
      status: ['finished'],
      ...(disabled ? {} : { startDate }),
      itemsPerPage: PAGE_SIZE,
      page,
      sort: 'createdAt',
      order: 'desc',
    });
    const syncs = runs.filter(ingests);
    newest ??= syncs[0];
    lastSuccess = syncs.find((run) => run.outcome === 'success');
    if (disabled || runs.length < PAGE_SIZE) break;
  }
  const why = newest?.outcome === 'success' ? '' : newest ? `; the last run failed: ${reasonOf(newest)}` : '';
  if (disabled && newest?.reasonCode === 'blocking')
    return {
      key: `task/${taskID}/blocked`,
      kind: 'connector.blocked',
      text: `task ${taskID} is blocked: ${reasonOf(newest)}`,
    };
  if (disabled)
    return { key: `task/${taskID}/disabled`, kind: 'connector.disabled', text: `task ${taskID} is disabled${why}` };
  const isNew = task.createdAt != null && now - Date.parse(task.createdAt) <= (maxAgeMs ?? 0);
  if ((lastSuccess && youngEnough(lastSuccess)) || isNew) return undefined;
  const last = lastSuccess?.finishedAt ?? lastSuccess?.createdAt;
  return {
    key: `task/${taskID}/stale`,
    kind: 'connector.stale',
    text: `task ${taskID} has not succeeded ${last ? `since ${last}` : `after ${startDate}`}${why}`,
  };
}

const reasonOf = ({ reason, reasonCode }: Run) => reason?.slice(0, MAX_REASON) || reasonCode || 'no reason given';
