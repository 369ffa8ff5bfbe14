import { badRequest } from '../http/api-error.ts';
import type { Quotas } from '../settings.ts';
import type { World } from '../world.ts';

const NAMES: Readonly<Record<keyof Quotas, string>> = {
  authentications: 'authentications',
  sources: 'sources',
  destinations: 'destinations',
  tasksPerSource: 'tasks for this source',
};

/** Refuses one more than an application may have. */
export function checkQuota({ settings: { quotas } }: World, kind: keyof Quotas, count: number): void {
  if (quotas !== false && count >= quotas[kind])
    throw badRequest(`You have reached the maximum number of ${NAMES[kind]} (${quotas[kind]})`);
}
