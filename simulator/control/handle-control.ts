import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../http/api-error.ts';
import { asAnswer } from '../http/handle-request.ts';
import { parseJson, readBody } from '../http/read-body.ts';
import { createReply, type Answer } from '../http/reply.ts';
import { createRouter } from '../http/router.ts';
import { CONTROL_PREFIX, type Machine } from './control-route.ts';
import { requestRoutes } from './request-routes.ts';
import { runRoutes } from './run-routes.ts';
import { worldRoutes } from './world-routes.ts';

const MAX_BODY_BYTES = 256 * 1024 * 1024;

const routes = [...worldRoutes, ...requestRoutes, ...runRoutes];
const router = createRouter(routes);

/** Answers one request to the control API: no credentials, no faults, no log. */
export async function handleControl(
  machine: Machine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = createReply(request, response, { correlationID: randomUUID(), compress: false, onStatus: () => {} });
  await reply.json(await answer(machine, request));
}

async function answer(machine: Machine, request: IncomingMessage): Promise<Answer> {
  try {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://simulator');
    const body = parseJson(await readBody(request, MAX_BODY_BYTES));
    if (pathname.replace(/\/$/, '') === CONTROL_PREFIX) return { status: 200, body: introduction(machine) };
    const match = router.match(request.method ?? 'GET', pathname);
    if (!match) throw new ApiError(404, `There is no ${request.method} ${pathname} in the control API`);
    const result = await match.route.target({ machine, world: machine.world, params: match.params, query, body });
    return { status: 200, body: result };
  } catch (error) {
    return asAnswer(error);
  }
}

const introduction = ({ world }: Machine) => ({
  message:
    'A simulator of the Algolia Ingestion API, for demo and tests. It keeps everything in memory and listens on loopback only.',
  applicationId: world.applicationId,
  control: routes.map(({ method, path }) => `${method} ${path}`),
});
