import { defined } from '../defined.ts';
import { notFound } from '../http/api-error.ts';
import { showAuthentication } from '../resources/authentications.ts';
import { showDestination } from '../resources/destinations.ts';
import { showRun } from '../resources/runs.ts';
import { showSource } from '../resources/sources.ts';
import { showTask } from '../resources/tasks.ts';
import { showTransformation } from '../resources/transformations.ts';
import { fingerprint } from '../search/api-key.ts';
import type { Quotas } from '../settings.ts';
import { parseBody } from '../wire/parse-body.ts';
import { WORKER_ACL, type World } from '../world.ts';
import { clockBody, keyBody, outageBody, settingsBody } from './control-bodies.ts';
import { controlRoutes } from './control-route.ts';

function showClock({ clock, settings }: World) {
  const { speed, runMs, pushMs, indexTaskMs, keyMs, cron } = settings;
  return { now: clock.iso(), rate: clock.rate, speed, runMs, pushMs, indexTaskMs, keyMs, cron };
}

/** Everything that the API would show of everything there is, and how many there are. */
function showState(world: World) {
  const resources = {
    authentications: world.authentications.values().map(showAuthentication),
    sources: world.sources.values().map(showSource),
    destinations: world.destinations.values().map(showDestination),
    transformations: world.transformations.values().map(showTransformation),
    tasks: world.tasks.values().map(showTask),
    runs: world.runs.values().map((run) => showRun(world, run)),
    indices: world.indices.values().map(({ name, records }) => ({ name, count: records.size })),
    keys: world.keys
      .values()
      .map(({ value, acl, description }) => ({ fingerprint: fingerprint(value), acl, description })),
  };
  const counts = Object.fromEntries(Object.entries(resources).map(([name, items]) => [name, items.length]));
  return {
    applicationId: world.applicationId,
    counts: { ...counts, requests: world.requests.counts },
    clock: showClock(world),
    ...resources,
  };
}

export const worldRoutes = controlRoutes({
  'POST /reset': ({ machine }) => {
    machine.reset();
    return { reset: true };
  },
  'GET /state': ({ world }) => showState(world),
  'POST /outage': ({ machine, body }) => {
    const { ms } = parseBody(outageBody, body);
    machine.outage(ms);
    return { ms };
  },
  'POST /keys': ({ world, body }) => {
    const { key: value, acl = WORKER_ACL, ...rest } = parseBody(keyBody, body);
    const key = world.keys.add({ acl, ...rest }, { value });
    return { fingerprint: fingerprint(value), acl: key.acl, indexes: key.indexes };
  },
  'DELETE /keys/{key}': ({ world, params }) => {
    const value = params.key ?? '';
    if (!world.keys.delete(value)) throw notFound('Key', fingerprint(value));
    return { deleted: fingerprint(value) };
  },
  'GET /clock': ({ world }) => showClock(world),
  'POST /clock': async ({ world, body }) => {
    const { now, advance, rate, ...settings } = parseBody(clockBody, body);
    Object.assign(world.settings, defined(settings));
    if (rate !== undefined) world.clock.setRate(rate);
    if (now !== undefined) world.clock.jumpTo(Date.parse(now));
    if (advance !== undefined) await world.clock.advanceTo(world.clock.now() + advance);
    return showClock(world);
  },
  'GET /settings': ({ world }) => world.settings,
  'POST /settings': ({ world, body }) => {
    const { quotas, ...settings } = parseBody(settingsBody, body);
    Object.assign(world.settings, defined(settings));
    if (quotas === false) world.settings.quotas = false;
    else if (quotas) world.settings.quotas = { ...unlimited, ...world.settings.quotas, ...defined(quotas) };
    return world.settings;
  },
});

const unlimited: Quotas = {
  authentications: Infinity,
  sources: Infinity,
  destinations: Infinity,
  tasksPerSource: Infinity,
};
