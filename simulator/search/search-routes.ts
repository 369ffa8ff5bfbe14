import type { ApiRoute } from '../http/api-route.ts';
import type { Route } from '../http/router.ts';
import { browseRoutes } from './browse-routes.ts';
import { indexRoutes } from './index-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { ruleRoutes } from './rule-routes.ts';

/** The Search API calls that rotation and replacement need, served from the same origin. */
export const searchRoutes: readonly Route<ApiRoute>[] = [...keyRoutes, ...indexRoutes, ...ruleRoutes, ...browseRoutes];
