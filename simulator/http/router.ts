import { ApiError } from './api-error.ts';

export interface Route<T> {
  readonly method: string;
  /** Such as `/2/tasks/{taskID}/run`. */
  readonly path: string;
  readonly target: T;
}

/** `route('GET /2/tasks/{taskID}', …)` */
export function route<T>(spelled: string, target: T): Route<T> {
  const [method = '', path = ''] = spelled.split(' ');
  return { method, path, target };
}

interface Match<T> {
  readonly route: Route<T>;
  readonly params: Readonly<Record<string, string>>;
}

interface Router<T> {
  /** undefined: no such path. Throws a 405 for a path that is there for other methods. */
  match(method: string, pathname: string): Match<T> | undefined;
}

/** Finds the route of a request. Where two fit, the one with fewer parameters does: `/1/sources/search` is no source's id. */
export function createRouter<T>(routes: readonly Route<T>[]): Router<T> {
  const byLength = new Map<number, { route: Route<T>; segments: string[] }[]>();
  for (const route of routes.toSorted((a, b) => paramCount(a.path) - paramCount(b.path))) {
    const segments = route.path.split('/').slice(1);
    const same = byLength.get(segments.length);
    if (same) same.push({ route, segments });
    else byLength.set(segments.length, [{ route, segments }]);
  }

  return {
    match(method, pathname) {
      const given = pathname.split('/').slice(1);
      let pathExists = false;
      for (const { route, segments } of byLength.get(given.length) ?? []) {
        const params = fit(segments, given);
        if (!params) continue;
        if (route.method === method) return { route, params };
        pathExists = true;
      }
      if (pathExists) throw new ApiError(405, 'Method Not Allowed');
      return undefined;
    },
  };
}

const paramCount = (path: string) => path.split('{').length;

function fit(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [place, segment] of segments.entries()) {
    const value = given[place] ?? '';
    if (segment.startsWith('{')) {
      if (value === '') return undefined;
      params[segment.slice(1, -1)] = decode(value);
    } else if (segment !== value) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(400, 'The path is not valid percent-encoding');
  }
}
