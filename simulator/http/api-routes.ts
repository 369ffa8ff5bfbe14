import { operations } from '../../src/operations/index.ts';
import { authenticationHandlers } from '../resources/authentications.ts';
import { destinationHandlers } from '../resources/destinations.ts';
import { pushHandlers } from '../resources/push.ts';
import { runHandlers } from '../resources/runs.ts';
import { sourceHandlers } from '../resources/sources.ts';
import { taskHandlers } from '../resources/tasks.ts';
import { tasksV1Routes } from '../resources/tasks-v1.ts';
import { transformationHandlers } from '../resources/transformations.ts';
import { searchRoutes } from '../search/search-routes.ts';
import type { ApiRoute } from './api-route.ts';
import type { Handlers } from './call.ts';
import { INGESTION_ACL } from './ingestion-acl.ts';
import { createRouter, type Route } from './router.ts';

const handlers: Handlers = {
  ...authenticationHandlers,
  ...destinationHandlers,
  ...sourceHandlers,
  ...taskHandlers,
  ...transformationHandlers,
  ...runHandlers,
  ...pushHandlers,
};

/** The table says where an operation is; what it does is here. Custom requests go wherever their path leads. */
const ingestionRoutes = Object.entries(operations).flatMap(([operation, { method, path }]): Route<ApiRoute>[] => {
  const handler = handlers[operation];
  return handler ? [{ method, path, target: { operation, handler, acl: INGESTION_ACL } }] : [];
});

export const apiRouter = createRouter<ApiRoute>([...ingestionRoutes, ...tasksV1Routes, ...searchRoutes]);
