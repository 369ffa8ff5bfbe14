import type { Handler } from './call.ts';

/** What a route of the API leads to. */
export interface ApiRoute {
  readonly operation: string;
  readonly handler: Handler;
  /** The rights a key must have. */
  readonly acl: readonly string[];
}
