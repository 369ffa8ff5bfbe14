import { faultBody } from '../faults/fault-body.ts';
import type { Fault } from '../faults/fault.ts';
import { parseBody } from '../wire/parse-body.ts';
import { controlRoutes } from './control-route.ts';

/** JSON knows no infinity: a fault that never ends has -1 times left. */
const showFault = (fault: Fault) => ({ ...fault, times: fault.times === Infinity ? -1 : fault.times });

export const requestRoutes = controlRoutes({
  'POST /faults': ({ world, body }) => showFault(world.faults.add({ body: undefined, ...parseBody(faultBody, body) })),
  'GET /faults': ({ world }) => ({ faults: world.faults.list().map(showFault) }),
  'DELETE /faults': ({ world }) => {
    world.faults.remove();
    return { faults: [] };
  },
  'DELETE /faults/{id}': ({ world, params }) => {
    world.faults.remove(Number(params.id));
    return { faults: world.faults.list().map(showFault) };
  },
  'GET /requests': ({ world, query }) => {
    const limit = query.get('limit');
    const requests = world.requests.list({
      operation: query.get('operation') ?? undefined,
      after: Number(query.get('after') ?? 0),
      ...(limit !== null && { limit: Number(limit) }),
    });
    return { requests, counts: world.requests.counts };
  },
  'DELETE /requests': ({ world }) => {
    world.requests.clear();
    return { requests: [] };
  },
});
