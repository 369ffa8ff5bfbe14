type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** What an update names: its members without those that are undefined. */
export const defined = <T extends object>(update: T) =>
  Object.fromEntries(Object.entries(update).filter(([, value]) => value !== undefined)) as Defined<T>;
