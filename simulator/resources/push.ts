import { badRequest } from '../http/api-error.ts';
import { checkIndexAllowed } from '../http/check-credentials.ts';
import { param, type Call, type Handlers } from '../http/call.ts';
import { pushRecords, type PushPlan } from '../runs/push-records.ts';
import { parsePush } from '../wire/push-body.ts';
import type { World } from '../world.ts';
import { readBoolean } from './list-query.ts';
import type { Destination, Task } from './resource.ts';
import { findTask } from './tasks.ts';

/** The one task that takes pushes for an index. */
function pushTaskFor(world: World, indexName: string): Task {
  const tasks = world.destinations
    .by('indexName', indexName)
    .flatMap(({ destinationID }) => world.tasks.by('destinationID', destinationID))
    .filter(({ sourceID }) => world.sources.get(sourceID)?.type === 'push');
  const [task] = tasks;
  if (!task)
    throw badRequest(`no push task found for the index ${indexName}: create one, or give a referenceIndexName`);
  if (tasks.length > 1)
    throw badRequest(`${tasks.length} push tasks found for the index ${indexName}: push to one of them by its taskID`);
  return task;
}

function push(call: Call, task: Task, indexName: string | undefined) {
  const { world, query } = call;
  if (!task.enabled) throw badRequest('this task is disabled and takes no records');
  const destination = world.destinations.get(task.destinationID) as Destination;
  const plan: PushPlan = {
    task,
    destination,
    indexName: indexName ?? destination.input.indexName,
    ...parsePush(call.body),
  };
  checkIndexAllowed(call.key, plan.indexName);
  return pushRecords(world, plan, readBoolean(query, 'watch') ?? false);
}

export const pushHandlers: Handlers = {
  push: (call) => {
    const indexName = param(call, 'indexName');
    return push(call, pushTaskFor(call.world, call.query.get('referenceIndexName') ?? indexName), indexName);
  },

  pushTask: (call) => {
    const task = findTask(call.world, param(call, 'taskID'));
    if (call.world.sources.get(task.sourceID)?.type !== 'push')
      throw badRequest('only tasks of a push source take records');
    return push(call, task, undefined);
  },
};
