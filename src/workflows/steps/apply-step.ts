import { CancellationScope } from '@temporalio/workflow';
import type { CreateStep, Step, UpdateStep } from '../../manifest/plan.ts';
import type { ResourceKind } from '../../operations/resource-kinds.ts';
import { once, repeatable } from '../proxies.ts';
import { adoptOrCreate } from './adopt-or-create.ts';
import { follows } from './changes.ts';
import { deleteResource, undoLog } from './undo.ts';
import { checkSource, readValidation } from './validate.ts';

/** The ids of what has been made, by the place of its entry: `sources[2]`. */
export type MadeIDs = Readonly<Record<string, string>>;

type Body = Readonly<Record<string, unknown>>;
type Create = (body: never) => Promise<string>;

const CREATE: Readonly<Record<ResourceKind, Create>> = {
  authentication: async (body) => (await once.createAuthentication(body)).authenticationID,
  source: async (body) => (await once.createSource(body)).sourceID,
  transformation: async (body) => (await once.createTransformation(body)).transformationID,
  destination: async (body) => (await once.createDestination(body)).destinationID,
  task: async (body) => (await once.createTask(body)).taskID,
};

/** For replays: a step that was begun used to be cut off by a cancellation. */
export const endsSteps = (): boolean => follows('end the step under way');

/**
 * Does one step of a plan, so that it is done once however often it is begun. Returns the id of what it was done to.
 * A cancellation waits for its end, for a request that is cut off may have its effect all the same; only a create is undone then.
 * `onLeft`: what it may have made could not be deleted again.
 */
export async function applyStep(step: Step, made: MadeIDs, onLeft: (leftBehind: string[]) => void): Promise<string> {
  switch (step.change) {
    case 'create':
      return create(step, bodyOf(step, made), onLeft);
    case 'update':
      await toItsEnd(() => update(step, bodyOf(step, made)));
      return step.id;
    case 'delete':
      await toItsEnd(() => deleteResource(step.kind, step.id));
      return step.id;
  }
}

/** A step that got to its end counts as done, so a cancellation is not thrown here as `seeThrough` does, but before the next step. */
const toItsEnd = (work: () => Promise<unknown>): Promise<unknown> =>
  endsSteps() ? CancellationScope.nonCancellable(work) : work();

async function create(
  { kind, besides }: CreateStep,
  body: Body,
  onLeft: (leftBehind: string[]) => void,
): Promise<string> {
  const text = (name: string) => body[name] as string;
  const match =
    kind === 'task'
      ? { sourceID: text('sourceID'), destinationID: text('destinationID'), action: text('action') }
      : { name: text('name') };
  // It was not there when the plan was made, so one that is there now is somebody else's.
  const wanted = { kind, match, besides, ifExists: 'fail' as const, create: () => CREATE[kind](body as never) };
  const undo = undoLog();
  try {
    return (await adoptOrCreate(wanted, undo)).id;
  } catch (error) {
    // Earlier steps stay made; this one, which is told as not made, must not be there after all.
    const leftBehind = await undo.undo();
    if (leftBehind.length > 0) onLeft(leftBehind);
    throw error;
  }
}

function update({ kind, id, whole }: UpdateStep, body: Body): Promise<unknown> {
  switch (kind) {
    case 'authentication':
      return repeatable.updateAuthentication({ authenticationID: id, authenticationUpdate: body });
    case 'source':
      return repeatable.updateSource({ sourceID: id, sourceUpdate: body });
    case 'transformation':
      return repeatable.updateTransformation({ transformationID: id, transformationCreate: body as never });
    case 'destination':
      return repeatable.updateDestination({ destinationID: id, destinationUpdate: body });
    case 'task':
      return whole ? replaceTask(id, body) : repeatable.updateTask({ taskID: id, taskUpdate: body });
  }
}

/** How far the task has come is no configuration, and must not be lost with it. */
async function replaceTask(taskID: string, body: Body): Promise<unknown> {
  const { cursor } = await repeatable.getTask({ taskID });
  return repeatable.replaceTask({ taskID, taskReplace: { ...body, ...(cursor ? { cursor } : {}) } as never });
}

/** Has Algolia read the source as it will be. False: it can't yet, for something that the source needs is still to be made. */
export async function validateStep(step: Step, made: MadeIDs): Promise<boolean> {
  if (step.change === 'delete' || step.kind !== 'source') return true;
  if (needsOthers(step, made)) return false;
  const body = bodyOf(step, made);
  if (step.change === 'create') {
    if (body.type !== 'push') await checkSource(body as never);
  } else if (body.input !== undefined || body.authenticationID !== undefined) {
    readValidation(await repeatable.validateSourceBeforeUpdate({ sourceID: step.id, sourceUpdate: body }));
  }
  return true;
}

const placeIn = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null ? (value as { $idOf?: string }).$idOf : undefined;

function needsOthers({ body }: CreateStep | UpdateStep, made: MadeIDs): boolean {
  return Object.values(body)
    .flat()
    .some((value) => {
      const place = placeIn(value);
      return place !== undefined && made[place] === undefined;
    });
}

/** The body with the ids of what has been made meanwhile. */
function bodyOf({ body }: CreateStep | UpdateStep, made: MadeIDs): Body {
  const filled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(filled);
    const place = placeIn(value);
    return place === undefined ? value : made[place];
  };
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, filled(value)]));
}
