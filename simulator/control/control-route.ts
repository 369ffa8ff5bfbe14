import { createRouter, type Route } from '../http/router.ts';
import type { World } from '../world.ts';

/** What the control API may do to the server itself. */
export interface Machine {
  readonly world: World;
  reset(): void;
  /** Notes that the state may have changed. */
  touch(): void;
  /** Refuses connections for a while; nothing is forgotten. */
  outage(ms: number): void;
}

export interface ControlCall {
  readonly machine: Machine;
  readonly world: World;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export type ControlHandler = (call: ControlCall) => unknown;

/** `controlRoutes({ 'POST /reset': … })` */
export const controlRoutes = (handlers: Readonly<Record<string, ControlHandler>>): Route<ControlHandler>[] =>
  Object.entries(handlers).map(([route, target]) => {
    const [method = '', path = ''] = route.split(' ');
    return { method, path: `/_simulator${path}`, target };
  });

export const createControlRouter = (...groups: Route<ControlHandler>[][]) => createRouter(groups.flat());
