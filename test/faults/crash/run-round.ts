import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator } from '../../../simulator/index.ts';
import { checkInvariants } from '../../setup/check-invariants.ts';
import { serveRecords } from '../../setup/connector.ts';
import { historiesOf } from '../../setup/histories.ts';
import { randomFrom } from '../../setup/random.ts';
import { makeRecordsDirectory } from '../../setup/records-directory.ts';
import { withTimeSkipping } from '../../setup/time-skipping.ts';
import { nextHazard } from './hazards.ts';
import { startHerd } from './herd.ts';
import { startProvision, startPush, startSync, type Intent } from './intents.ts';

export interface RoundOptions {
  /** Decides what goes wrong, and in which order; not to the millisecond. */
  readonly seed: number;
  readonly address: string;
  readonly namespace: string;
  /** The bundle of the workflows. */
  readonly codePath: string;
  readonly hazards?: number;
  readonly restartTemporal?: () => Promise<void>;
}

export interface Round {
  readonly seed: number;
  /** What went wrong, in order. */
  readonly story: readonly string[];
  /** What doesn't hold afterwards. */
  readonly violations: readonly string[];
}

/** Far more than calm workers need, whatever has to be looked after. */
const ENDED_WITHIN_MS = 240_000;

/** Starts workflows, lets things go wrong, and then calms down: whatever was wanted must have happened, once. */
export async function runRound({
  seed,
  address,
  namespace,
  codePath,
  hazards = 8,
  restartTemporal,
}: RoundOptions): Promise<Round> {
  const random = randomFrom(seed);
  const prefix = `crash-${seed}-${Date.now().toString(36)}`;
  const [simulator, records, files, connection] = await Promise.all([
    startSimulator({ runSpeed: 2, quotas: false, applicationId: `CRASH${seed}` }),
    serveRecords(),
    makeRecordsDirectory(),
    Connection.connect({ address }),
  ]);
  const client = new Client({ connection, namespace });
  const herd = await startHerd({
    size: random.whole(1, 3),
    temporalPort: Number(address.split(':').at(-1)),
    algoliaPort: simulator.port,
    codePath,
    cached: random.pick([0, 2, 1_000]),
    environment: {
      TEMPORAL_NAMESPACE: namespace,
      TASK_QUEUE: prefix,
      ALGOLIA_APPLICATION_ID: simulator.applicationId,
      ALGOLIA_API_KEY: simulator.apiKey,
      ALGOLIA_TIMEOUT: '5s',
      RECORDS_DIR: files.path,
      SECRET_SHOP: 'correct-horse-battery',
      LOG_LEVEL: 'error',
    },
  });
  const story: string[] = [`${herd.size} workers`];
  try {
    const options = {
      simulator,
      client: withTimeSkipping(client),
      taskQueue: prefix,
      url: records.url,
      prefix,
      writeRecords: (some: readonly object[]) => files.write(some),
    };
    // Requests that take their time, so that there is something under way when something goes wrong.
    await simulator.control('POST /faults', { operation: '*', kind: 'slow', ms: 150, times: 200, after: 20 });
    const intents: Intent[] = [
      ...(await Promise.all([1, 2, 3].map((place) => startProvision(options, place)))),
      ...(await Promise.all([1, 2].map((place) => startSync(options, place)))),
      await startPush(options, 1, random),
      await startPush(options, 2, random),
    ];
    await firstRequest(() => simulator.world.requests.list({ operation: 'listAuthentications' }).length > 0);
    for (let happened = 0; happened < hazards; happened += 1) {
      await delay(random.whole(100, 1_500));
      const isHalfTime = happened === Math.floor(hazards / 2);
      const hazard =
        isHalfTime && restartTemporal
          ? { name: 'the Temporal server is killed', strike: restartTemporal }
          : nextHazard({ random, herd, simulator });
      story.push(hazard.name);
      await hazard.strike();
    }
    simulator.world.faults.remove();
    const ended = Promise.all(
      intents.map(({ handle }) => (handle as { result(): Promise<unknown> }).result().catch(() => undefined)),
    );
    const late = await Promise.race([ended.then(() => false), delay(ENDED_WITHIN_MS, true, { ref: false })]);
    if (late) return { seed, story, violations: [`not all ended within ${ENDED_WITHIN_MS / 1_000} s`, herd.stderr()] };
    const violations = await checkInvariants(simulator, intents);
    return { seed, story, violations: [...violations, ...(await replay(client, prefix, codePath))] };
  } finally {
    await herd.stop();
    await Promise.all([simulator.stop(), records.stop(), files.remove(), connection.close()]);
  }
}

/** The workers have started, and something is under way. */
async function firstRequest(hasCome: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 60_000 && !hasCome(); waitedMs += 50) await delay(50);
}

/** Every workflow does again what it did, whatever it went through. */
async function replay(client: Client, taskQueue: string, codePath: string): Promise<string[]> {
  const histories = [...(await historiesOf(client, taskQueue))].map(([workflowId, history]) => ({
    workflowId,
    history,
  }));
  const problems: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories))
    if (error) problems.push(`${workflowId} can't be replayed: ${error.message}`);
  return problems;
}
