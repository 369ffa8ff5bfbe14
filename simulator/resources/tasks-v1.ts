import { z } from 'zod';
import { defined } from '../defined.ts';
import { INGESTION_ACL } from '../http/ingestion-acl.ts';
import type { ApiRoute } from '../http/api-route.ts';
import { badRequest } from '../http/api-error.ts';
import { param, type Handler } from '../http/call.ts';
import { route } from '../http/router.ts';
import { parseBody } from '../wire/parse-body.ts';
import { cron, cursor, failureThreshold, inputField, runTaskPayload, taskActions } from '../wire/task-body.ts';
import { findMany } from './find-one.ts';
import { paginate } from './list-query.ts';
import type { Task } from './resource.ts';
import { addTask, changeTask, findTask, listTasks, removeTask, runTask, triggerTypeOf } from './tasks.ts';

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

const taskRoute = (spelled: string, operation: string, handler: Handler) =>
  route<ApiRoute>(spelled, { operation, handler, acl: INGESTION_ACL });

export const tasksV1Routes = [
  taskRoute('GET /1/tasks', 'listTasksV1', ({ world, query }) => {
    const { items, pagination } = paginate(listTasks(world, query), query);
    return { tasks: items.map(showTaskV1), pagination };
  }),
  taskRoute('POST /1/tasks', 'createTaskV1', ({ world, body }) => {
    const { trigger, enabled = true, ...rest } = parseBody(create, body);
    const { taskID, createdAt } = addTask(world, {
      ...rest,
      enabled,
      ...('cron' in trigger && { cron: trigger.cron }),
      ...(trigger.type === 'subscription' && { subscriptionAction: rest.action }),
    });
    return { taskID, createdAt };
  }),
  taskRoute('POST /1/tasks/search', 'searchTasksV1', ({ world, body }) =>
    findMany(world.tasks, 'taskIDs', body).map(showTaskV1),
  ),
  taskRoute('GET /1/tasks/{taskID}', 'getTaskV1', (call) => showTaskV1(findTask(call.world, param(call, 'taskID')))),
  taskRoute('PATCH /1/tasks/{taskID}', 'updateTaskV1', (call) => {
    const task = findTask(call.world, param(call, 'taskID'));
    const { trigger, ...change } = parseBody(update, call.body);
    if (trigger && !task.cron) throw badRequest("trigger: only a scheduled task's cron can be changed");
    return changeTask(call.world, task, { ...defined(change), cron: trigger?.cron ?? task.cron });
  }),
  taskRoute('DELETE /1/tasks/{taskID}', 'deleteTaskV1', (call) =>
    removeTask(call.world, findTask(call.world, param(call, 'taskID'))),
  ),
  taskRoute('PUT /1/tasks/{taskID}/enable', 'enableTaskV1', (call) =>
    changeTask(call.world, findTask(call.world, param(call, 'taskID')), { enabled: true }),
  ),
  taskRoute('PUT /1/tasks/{taskID}/disable', 'disableTaskV1', (call) =>
    changeTask(call.world, findTask(call.world, param(call, 'taskID')), { enabled: false }),
  ),
  taskRoute('POST /1/tasks/{taskID}/run', 'runTaskV1', (call) => {
    const task = findTask(call.world, param(call, 'taskID'));
    parseBody(runTaskPayload, call.body);
    return runTask(call.world, task);
  }),
];
