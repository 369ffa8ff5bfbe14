import type { Simulator } from '../../../simulator/index.ts';
import type { Random } from '../../setup/random.ts';
import { matrixFaults } from '../matrix/faults.ts';
import type { Herd } from './herd.ts';

/** Something that goes wrong, and is over after a while. */
export interface Hazard {
  readonly name: string;
  readonly strike: () => Promise<void> | void;
}

export interface HazardOptions {
  readonly random: Random;
  readonly herd: Herd;
  readonly simulator: Simulator;
}

const OPERATIONS = [
  'createAuthentication',
  'createSource',
  'createDestination',
  'createTask',
  'runTask',
  'getTask',
  'getRun',
  'listRuns',
  'listSources',
  'validateSource',
  'listEvents',
  'push',
  '*',
] as const;
/** Those that pass, and don't ask for more patience than a round has. */
const faults = matrixFaults.filter(
  ({ request, repeatable, waitMs = 0 }) => request && /Unavailable|RateLimited/.test(repeatable) && waitMs <= 2_000,
);

/** The next thing that goes wrong, decided by nothing but the seed. */
export function nextHazard({ random, herd, simulator }: HazardOptions): Hazard {
  const place = random.whole(0, herd.size - 1);
  const ms = random.whole(300, 4_000);
  const hazards: Hazard[] = [
    { name: `worker ${place} is killed`, strike: () => herd.kill(place) },
    { name: `worker ${place} is frozen for ${ms} ms`, strike: () => herd.freeze(place, ms) },
    { name: `worker ${place} can't reach Temporal for ${ms} ms`, strike: () => herd.partition(place, 'temporal', ms) },
    { name: `worker ${place} can't reach Algolia for ${ms} ms`, strike: () => herd.partition(place, 'algolia', ms) },
    { name: `worker ${place} loses its connections`, strike: () => herd.cut(place) },
    { name: `the clock of worker ${place} jumps`, strike: () => herd.jump(place, random.pick(['ahead', 'back'])) },
  ];
  if (random() < 0.5) return random.pick(hazards);
  const fault = random.pick(faults);
  const operation = random.pick(OPERATIONS);
  return {
    name: `${operation} meets ${fault.name}`,
    strike: () =>
      void simulator.world.faults.add({
        kind: 'status',
        ...fault.request,
        operation,
        after: random.whole(0, 2),
      }),
  };
}
