import { z } from 'zod';
import {
  answer,
  date,
  Deleted,
  freeObject,
  idempotent,
  listOf,
  once,
  order,
  page,
  read,
  resourceID,
  SLOW_MS,
  text,
} from './operation.ts';
import { PushTaskPayload } from './push.ts';
import { WatchResponse } from './runs.ts';
import { sourceType } from './sources.ts';

const taskAction = z.enum(['replace', 'save', 'partial', 'partialNoCreate', 'append']);
const strings = z.array(z.string());
const cron = z
  .string()
  .regex(
    /^\s*([\d*?,/\-A-Za-z#]+\s+){4}[\d*?,/\-A-Za-z#]+\s*$/,
    'expected a cron expression of five fields such as "0 3 * * *"',
  );

const streaming = z.strictObject({
  mapping: z.strictObject({
    format: z.enum(['mappingkit/v1']),
    actions: z.array(
      z.strictObject({
        id: z.string().optional(),
        enabled: z.boolean(),
        trigger: z.string(),
        fieldDirectives: z.array(z.strictObject({ fieldKey: z.string(), value: freeObject })),
      }),
    ),
  }),
});
const dockerStreams = z.strictObject({
  streams: z.array(
    z.looseObject({ name: z.string(), properties: strings.optional(), syncMode: z.enum(['incremental', 'fullTable']) }),
  ),
});
const shopify = z.strictObject({
  metafields: z.array(z.strictObject({ namespace: z.string(), key: z.string(), value: z.string() })),
  market: z.strictObject({ countries: strings, currencies: strings, locales: strings }),
});

const patchable = {
  subscriptionAction: taskAction.optional(),
  cron: cron.optional(),
  enabled: z.boolean().optional(),
  failureThreshold: z.int().min(0).max(100).optional(),
  input: z.union([streaming, dockerStreams, shopify]).optional(),
  notifications: z.strictObject({ email: z.strictObject({ enabled: z.boolean().optional() }) }).optional(),
  policies: z.strictObject({ criticalThreshold: z.int().min(1).max(10).optional() }).optional(),
};
const TaskReplace = z.strictObject({
  destinationID: resourceID,
  action: taskAction,
  cursor: date.optional(),
  ...patchable,
});

export const TaskCreate = TaskReplace.extend({ sourceID: resourceID });
const TaskUpdate = z.strictObject({ destinationID: resourceID.optional(), ...patchable });
const RunTaskPayload = z.strictObject({ runMetadata: freeObject.optional() });

const Task = answer({
  taskID: z.string(),
  sourceID: z.string(),
  destinationID: z.string(),
  enabled: z.boolean().nullish(),
  action: text,
  subscriptionAction: text,
  cron: text,
  lastRun: text,
  nextRun: text,
  owner: text,
  input: z.record(z.string(), z.unknown()).nullish(),
  failureThreshold: z.number().nullish(),
  cursor: text,
  notifications: answer({ email: answer({ enabled: z.boolean().nullish() }).nullish() }).nullish(),
  policies: answer({ criticalThreshold: z.number().nullish() }).nullish(),
  createdAt: text,
  updatedAt: text,
});

const updated = answer({ taskID: z.string(), updatedAt: text });

export const tasks = {
  listTasks: read('GET /2/tasks', 'List tasks', {
    query: {
      ...page,
      action: z.array(taskAction).optional(),
      enabled: z.boolean().optional(),
      sourceID: strings.optional(),
      sourceType: z.array(sourceType).optional(),
      destinationID: strings.optional(),
      triggerType: z.array(z.enum(['onDemand', 'schedule', 'subscription', 'streaming'])).optional(),
      withEmailNotifications: z.boolean().optional(),
      sort: z.enum(['enabled', 'triggerType', 'action', 'updatedAt', 'createdAt']).optional(),
      order,
    },
    response: listOf('tasks', Task.partial()),
  }),
  createTask: once('POST /2/tasks', 'Create a task', {
    body: TaskCreate,
    response: answer({ taskID: z.string(), createdAt: text }),
  }),
  searchTasks: read('POST /2/tasks/search', 'Search for tasks', {
    body: z.strictObject({ taskIDs: strings }),
    response: z.array(Task),
  }),
  getTask: read('GET /2/tasks/{taskID}', 'Retrieve a task', { response: Task }),
  replaceTask: idempotent('PUT /2/tasks/{taskID}', 'Fully update a task', {
    body: { taskReplace: TaskReplace },
    response: updated,
  }),
  updateTask: idempotent('PATCH /2/tasks/{taskID}', 'Partially update a task', {
    body: { taskUpdate: TaskUpdate },
    response: updated,
  }),
  deleteTask: idempotent('DELETE /2/tasks/{taskID}', 'Delete a task', { response: Deleted }),
  enableTask: idempotent('PUT /2/tasks/{taskID}/enable', 'Enable a task', { response: updated }),
  disableTask: idempotent('PUT /2/tasks/{taskID}/disable', 'Disable a task', { response: updated }),
  runTask: once('POST /2/tasks/{taskID}/run', 'Run a task', {
    body: { runTaskPayload: RunTaskPayload.optional() },
    response: answer({ runID: z.string(), createdAt: text }),
  }),
  pushTask: once('POST /2/tasks/{taskID}/push', 'Push records by task ID', {
    query: { watch: z.boolean().optional() },
    body: { pushTaskPayload: PushTaskPayload },
    response: WatchResponse,
    timeoutMs: SLOW_MS,
  }),
};
