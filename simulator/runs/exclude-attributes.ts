import { isObject } from '../is-object.ts';

/** Removes what paths such as `price.net`, `images.[0].url` or `images.[*].url` name, from a copy. */
export function excludeAttributes<T extends Record<string, unknown>>(record: T, paths: readonly string[]): T {
  if (paths.length === 0) return record;
  const copy = structuredClone(record);
  for (const path of paths)
    remove(
      copy,
      path.split('.').filter((step) => step !== ''),
    );
  return copy;
}

function remove(value: unknown, [step, ...rest]: readonly string[]): void {
  if (step === undefined) return;
  const place = /^\[(\*|\d+)\]$/.exec(step)?.[1];
  if (Array.isArray(value) && place !== undefined) {
    if (rest.length > 0) for (const item of place === '*' ? value : [value[Number(place)]]) remove(item, rest);
    else if (place === '*') value.length = 0;
    else value.splice(Number(place), 1);
  } else if (isObject(value)) {
    if (rest.length === 0) delete value[step];
    else remove(value[step], rest);
  }
}
