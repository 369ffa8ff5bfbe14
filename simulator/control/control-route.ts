import { route, type Route } from '../http/router.ts';
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

interface ControlCall {
  readonly machine: Machine;
  readonly world: World;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

type ControlHandler = (call: ControlCall) => unknown;

export const CONTROL_PREFIX = '/_simulator';

/** `controlRoutes({ 'POST /reset': … })` */
export const controlRoutes = (handlers: Readonly<Record<string, ControlHandler>>): Route<ControlHandler>[] =>
  Object.entries(handlers).map(([spelled, handler]) => {
    const { method, path, target } = route(spelled, handler);
    return { method, path: CONTROL_PREFIX + path, target };
  });
