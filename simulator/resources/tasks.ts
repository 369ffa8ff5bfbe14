import { randomUUID } from 'node:crypto';
import { defined } from '../defined.ts';
import { badRequest } from '../http/api-error.ts';
import { param, type Handlers } from '../http/call.ts';
import { cancelRunsOf } from '../runs/finish-run.ts';
import { scheduleTask } from '../runs/schedule-task.ts';
import { startRun } from '../runs/start-run.ts';
import { parseBody } from '../wire/parse-body.ts';
import { sourceTypes } from '../wire/source-body.ts';
import {
  runTaskPayload,
  taskActions,
  taskCreate,
  taskInputSchema,
  taskReplace,
  taskUpdate,
  triggerTypes,
} from '../wire/task-body.ts';
import type { World } from '../world.ts';
import { checkQuota } from './check-quota.ts';
import { findMany, findOne, requireExisting } from './find-one.ts';
import { paginate, readBoolean, readList, sortItems } from './list-query.ts';
import type { Task } from './resource.ts';

export const showTask = (task: Task) => ({ ...task, owner: null });

export const findTask = (world: World, id: string) => findOne(world.tasks, 'Task', id);

/** Tasks of the second version have no trigger: it follows from what they hold. */
export function triggerTypeOf(task: Task): (typeof triggerTypes)[number] {
  if (task.cron) return 'schedule';
  if (task.input && 'mapping' in task.input) return 'streaming';
  return task.subscriptionAction ? 'subscription' : 'onDemand';
}

/** Refuses an input that isn't the one of the source's type. */
function checkTaskInput(world: World, sourceID: string, input: unknown): void {
  if (input === undefined) return;
  parseBody(taskInputSchema(world.sources.get(sourceID)?.type ?? ''), input, 'input');
}

export function addTask(world: World, created: Omit<Task, 'taskID' | 'createdAt' | 'updatedAt'>): Task {
  requireExisting(world.sources, 'Source', [created.sourceID]);
  requireExisting(world.destinations, 'Destination', [created.destinationID]);
  checkTaskInput(world, created.sourceID, created.input);
  checkQuota(world, 'tasksPerSource', world.tasks.countBy('sourceID', created.sourceID));
  const createdAt = world.clock.iso();
  return scheduleTask(world, { taskID: randomUUID(), ...created, createdAt, updatedAt: createdAt });
}

export function changeTask(world: World, current: Task, change: Partial<Task>) {
  requireExisting(world.destinations, 'Destination', [change.destinationID]);
  checkTaskInput(world, current.sourceID, change.input);
  const updatedAt = world.clock.iso();
  if (change.enabled && !current.enabled) world.criticalRuns.delete(current.taskID);
  scheduleTask(world, { ...current, ...change, updatedAt });
  return { taskID: current.taskID, updatedAt };
}

export function removeTask(world: World, { taskID }: Task) {
  world.cronAlarms.get(taskID)?.();
  world.cronAlarms.delete(taskID);
  world.tasks.delete(taskID);
  cancelRunsOf(world, taskID, 'the task was deleted');
  return { deletedAt: world.clock.iso() };
}

export function runTask(world: World, task: Task) {
  if (!task.enabled) throw badRequest("this task is disabled and can't be run");
  if (world.sources.get(task.sourceID)?.type === 'push')
    throw badRequest("tasks of a push source can't be run: push records to them");
  const { runID, createdAt } = startRun(world, task, {});
  return { runID, createdAt };
}

/** The tasks that a list is about, in its order. */
export function listTasks(world: World, query: URLSearchParams): readonly Task[] {
  const action = readList(query, 'action', taskActions);
  const enabled = readBoolean(query, 'enabled');
  const sourceID = readList(query, 'sourceID');
  const sourceType = readList(query, 'sourceType', sourceTypes);
  const destinationID = readList(query, 'destinationID');
  const triggerType = readList(query, 'triggerType', triggerTypes);
  const notified = readBoolean(query, 'withEmailNotifications');
  const fitting = world.tasks
    .values()
    .filter(
      (task) =>
        (!action || action.has(task.action)) &&
        (enabled === undefined || enabled === task.enabled) &&
        (!sourceID || sourceID.has(task.sourceID)) &&
        (!sourceType || sourceType.has(world.sources.get(task.sourceID)?.type ?? '')) &&
        (!destinationID || destinationID.has(task.destinationID)) &&
        (!triggerType || triggerType.has(triggerTypeOf(task))) &&
        (notified === undefined || notified === (task.notifications?.email.enabled ?? false)),
    );
  return sortItems(fitting, query, {
    enabled: (task) => String(task.enabled),
    triggerType: triggerTypeOf,
    action: (task) => task.action,
    updatedAt: (task) => task.updatedAt,
    createdAt: (task) => task.createdAt,
  });
}

export const taskHandlers: Handlers = {
  listTasks: ({ world, query }) => {
    const { items, pagination } = paginate(listTasks(world, query), query);
    return { tasks: items.map(showTask), pagination };
  },

  createTask: ({ world, body }) => {
    const { enabled = true, ...created } = parseBody(taskCreate, body);
    const { taskID, createdAt } = addTask(world, { enabled, ...created });
    return { taskID, createdAt };
  },

  searchTasks: ({ world, body }) => findMany(world.tasks, 'taskIDs', body).map(showTask),
  getTask: (call) => showTask(findTask(call.world, param(call, 'taskID'))),

  /** What a replacement leaves out is gone. */
  replaceTask: (call) => {
    const { taskID, sourceID, createdAt, updatedAt, lastRun, enabled } = findTask(call.world, param(call, 'taskID'));
    const { enabled: wanted = true, ...replacement } = parseBody(taskReplace, call.body);
    const bare = { taskID, sourceID, createdAt, updatedAt, lastRun, enabled, ...replacement };
    return changeTask(call.world, bare, { enabled: wanted });
  },

  updateTask: (call) =>
    changeTask(call.world, findTask(call.world, param(call, 'taskID')), defined(parseBody(taskUpdate, call.body))),

  deleteTask: (call) => removeTask(call.world, findTask(call.world, param(call, 'taskID'))),
  enableTask: (call) => changeTask(call.world, findTask(call.world, param(call, 'taskID')), { enabled: true }),
  disableTask: (call) => changeTask(call.world, findTask(call.world, param(call, 'taskID')), { enabled: false }),

  runTask: (call) => {
    const task = findTask(call.world, param(call, 'taskID'));
    parseBody(runTaskPayload, call.body);
    return runTask(call.world, task);
  },
};
