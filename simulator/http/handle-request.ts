import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { applyFault } from '../faults/apply-fault.ts';
import { fingerprint } from '../search/api-key.ts';
import type { World } from '../world.ts';
import { ApiError } from './api-error.ts';
import { apiRouter } from './api-routes.ts';
import { checkCredentials, checkIndexAllowed, readCredentials } from './check-credentials.ts';
import { parseJson, readBody } from './read-body.ts';
import { redactBody, redactQuery } from './redact.ts';
import { createReply, type Answer } from './reply.ts';

/** Answers one request to the API. */
export async function handleRequest(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://simulator');
  const { searchParams: query } = url;
  const method = request.method ?? 'GET';
  const credentials = readCredentials(request.headers, query);

  const text = await attempt(() => readBody(request, world.settings.maxBodyBytes));
  const body = text instanceof ApiError ? text : await attempt(() => parseJson(text));
  const matched = await attempt(() => apiRouter.match(method, url.pathname));
  const route = matched instanceof ApiError ? undefined : matched;
  const params = route?.params ?? {};
  const operation = route?.route.target.operation ?? 'unknown';

  const seenBody = body instanceof ApiError ? undefined : body;
  const fault = world.faults.take({ operation, apiKey: credentials.apiKey, params, query, body: seenBody });
  const logged = world.requests.add({
    operation,
    method,
    path: loggedPath(url.pathname),
    query: redactQuery(query),
    body: redactBody(operation, seenBody, typeof text === 'string' ? text.length : 0),
    keyFingerprint: credentials.apiKey === undefined ? undefined : fingerprint(credentials.apiKey),
    traceparent: request.headers.traceparent?.toString(),
    ...(fault && { fault: fault.kind }),
  });
  const reply = createReply(request, response, {
    correlationID: randomUUID(),
    compress: world.settings.gzip,
    onStatus: (status) => {
      logged.status = status;
    },
  });

  const perform = async (): Promise<Answer> => {
    try {
      world.rateLimit.check();
      const key = checkCredentials(world, credentials, route?.route.target.acl ?? []);
      for (const checked of [matched, body]) if (checked instanceof ApiError) throw checked;
      if (!route) throw new ApiError(404, 'Not Found');
      if (params.indexName !== undefined) checkIndexAllowed(key, params.indexName);
      const result = route.route.target.handler({ world, params, query, body, key });
      const answer = result instanceof Promise ? await Promise.race([result, world.ended]) : result;
      return { status: 200, body: answer };
    } catch (error) {
      return asAnswer(error);
    }
  };
  if (fault) await applyFault(fault, reply, perform);
  else await reply.json(await perform());
}

/** The error as a value, so that a request is logged and spoilt before it is refused. */
async function attempt<T>(work: () => T | Promise<T>): Promise<T | ApiError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

export function asAnswer(error: unknown): Answer {
  if (error instanceof ApiError) {
    const { status, message, more, headers } = error;
    return { status, body: { message, ...more }, headers };
  }
  console.error(error);
  return { status: 500, body: { message: 'Internal error of the simulator' } };
}

/** A key stands in the path of the key operations. */
const loggedPath = (pathname: string) => pathname.replace(/^(\/1\/keys\/)[^/]+/, '$1[redacted]');
