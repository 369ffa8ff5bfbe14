import { randomUUID } from 'node:crypto';
import { pushRecords } from '../../../src/workflows/push-records.ts';
import { failureOf } from '../../setup/decide.ts';
import { makePushConnector, seeIndex } from '../../setup/indices.ts';
import type { Effect } from './endings.ts';
import type { Cell } from './run-cell.ts';
import type { Stage } from './stage.ts';

const RECORDS = Array.from({ length: 3 }, (_, place) => ({ objectID: `p${place}`, title: `Product ${place}` }));

/**
 * A push whose reading of an event, or whose batch meets a fault. A push is sent once for the API, but records with an objectID are
 * the same twice: so are those to an index (the idempotent cell) and those to a task (the other).
 */
export async function pushCell({ simulator, hasty, taskQueue }: Stage, effect: Effect): Promise<Cell> {
  const indexName = `push-${randomUUID()}`;
  const { taskID = '' } = await makePushConnector(simulator, indexName);
  const { world } = simulator;
  const operation = { read: 'getEvent', idempotent: 'push', once: 'pushTask' }[effect];
  const runsOfIt = () => world.runs.by('taskID', taskID).map(({ runID }) => runID);
  return {
    subject: {
      operation,
      names: (text) => [indexName, taskID, ...runsOfIt()].some((name) => text.includes(name)),
    },
    // Events are asked for until they are there.
    ...(effect === 'read' ? { polls: true } : {}),
    async run() {
      const handle = await hasty.workflow.start(pushRecords, {
        taskQueue,
        workflowId: indexName,
        args: [{ ...(effect === 'once' ? { taskID } : { indexName }), action: 'addObject', records: RECORDS }],
      });
      const came = await handle.result().then(
        ({ verified, repeated }) => `${verified} verified${repeated > 0 ? ', pushed twice' : ''}`,
        async () => {
          const { type, details } = await failureOf(handle);
          const { failed, verified, complete } = (details?.[0] ?? {}) as Record<string, unknown>;
          return `fails: ${type}, ${String(failed)} failed, ${String(verified)} verified${complete ? '' : ', not complete'}`;
        },
      );
      return `${came}; ${(await seeIndex(simulator, indexName))?.count ?? 0} in the index`;
    },
  };
}
