/** Things that serve one at a time, for tests that run concurrently. */
export interface Pool<T> {
  /** Waits for one that is free. */
  with<R>(work: (item: T) => Promise<R>): Promise<R>;
}

export function createPool<T>(items: readonly T[]): Pool<T> {
  const free = [...items];
  const waiting: ((item: T) => void)[] = [];
  const take = async () => free.pop() ?? new Promise<T>((resolve) => waiting.push(resolve));
  const giveBack = (item: T) => {
    const next = waiting.shift();
    if (next) next(item);
    else free.push(item);
  };
  return {
    async with(work) {
      const item = await take();
      try {
        return await work(item);
      } finally {
        giveBack(item);
      }
    },
  };
}
