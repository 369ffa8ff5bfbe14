import { repeatable } from '../../src/workflows/proxies.ts';

export * from '../../src/workflows/index.ts';

/** Ten requests to Algolia, one after the other. */
export async function tenCalls(): Promise<void> {
  for (let call = 0; call < 10; call += 1) await repeatable.listTasks({ itemsPerPage: 1 });
}
