import { z } from 'zod';
import { INGESTION_ACL } from '../http/ingestion-acl.ts';
import type { ApiRoute } from '../http/api-routes.ts';
import { badRequest } from '../http/api-error.ts';
import { param, type Handler } from '../http/call.ts';
import type { Route } from '../http/router.ts';
import { parseBody } from '../wire/parse-body.ts';
import { cron, cursor, failureThreshold, inputField, runTaskPayload, taskActions } from '../wire/task-body.ts';
import { findMany } from './find-one.ts';
import { paginate } from './list-query.ts';
import type { Task } from './resource.ts';
import { addTask, changeTask, defined, findTask, listTasks, removeTask, runTask, triggerTypeOf } from './tasks.ts';

/** The deprecated first version of the task operations: the same tasks, with their schedule in a `trigger`. */
const create = z.strictObject({
  sourceID: z.string(),
  destinationID: z.string(),
  trigger: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('schedule'), cron }),
    z.strictObject({ type: z.enum(['onDemand', 'subscription', 'streaming']) }),
  ]),
  action: z.enum(taskActions),
  enabled: z.boolean().optional(),
  failureThreshold: failureThreshold.optional(),
  input: inputField.optional(),
  cursor: cursor.optional(),
});

const update = z.strictObject({
  destinationID: z.string().optional(),
  trigger: z.strictObject({ cron }).optional(),
  input: inputField.optional(),
  enabled: z.boolean().optional(),
  failureThreshold: failureThreshold.optional(),
});

function showTaskV1(task: Task) {
  const { cron: pattern, lastRun, nextRun, subscriptionAction: _, ...rest } = task;
  const type = triggerTypeOf(task);
  const runs = type === 'onDemand' || type === 'schedule' ? { lastRun } : {};
  return { ...rest, trigger: { type, ...runs, ...(type === 'schedule' && { cron: pattern, nextRun }) } };
}

const route = (operation: string, method: string, path: string, handler: Handler): Route<ApiRoute> => ({
  method,
  path,
  target: { operation, handler, acl: INGESTION_ACL },
});

export const tasksV1Routes = [
  route('listTasksV1', 'GET', '/1/tasks', ({ world, query }) => {
    const { items, pagination } = paginate(listTasks(world, query), query);
    return { tasks: items.map(showTaskV1), pagination };
  }),
  route('createTaskV1', 'POST', '/1/tasks', ({ world, body }) => {
    const { trigger, enabled = true, ...rest } = parseBody(create, body);
    const { taskID, createdAt } = addTask(world, {
      ...rest,
      enabled,
      ...('cron' in trigger && { cron: trigger.cron }),
      ...(trigger.type === 'subscription' && { subscriptionAction: rest.action }),
    });
    return { taskID, createdAt };
  }),
  route('searchTasksV1', 'POST', '/1/tasks/search', ({ world, body }) =>
    findMany(world.tasks, 'taskIDs', body).map(showTaskV1),
  ),
  route('getTaskV1', 'GET', '/1/tasks/{taskID}', (call) => showTaskV1(findTask(call.world, param(call, 'taskID')))),
  route('updateTaskV1', 'PATCH', '/1/tasks/{taskID}', (call) => {
    const task = findTask(call.world, param(call, 'taskID'));
    const { trigger, ...change } = parseBody(update, call.body);
    if (trigger && !task.cron) throw badRequest("trigger: only a scheduled task's cron can be changed");
    return changeTask(call.world, task, { ...defined(change), cron: trigger?.cron ?? task.cron });
  }),
  route('deleteTaskV1', 'DELETE', '/1/tasks/{taskID}', (call) =>
    removeTask(call.world, findTask(call.world, param(call, 'taskID'))),
  ),
  route('enableTaskV1', 'PUT', '/1/tasks/{taskID}/enable', (call) =>
    changeTask(call.world, findTask(call.world, param(call, 'taskID')), { enabled: true }),
  ),
  route('disableTaskV1', 'PUT', '/1/tasks/{taskID}/disable', (call) =>
    changeTask(call.world, findTask(call.world, param(call, 'taskID')), { enabled: false }),
  ),
  route('runTaskV1', 'POST', '/1/tasks/{taskID}/run', (call) => {
    const task = findTask(call.world, param(call, 'taskID'));
    parseBody(runTaskPayload, call.body);
    return runTask(call.world, task);
  }),
];
