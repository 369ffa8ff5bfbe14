import type { Client } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type Simulator } from '../../../simulator/index.ts';
import { operations } from '../../../src/operations/index.ts';
import type { Operation } from '../../../src/operations/operation.ts';
import { searchApi } from '../../../src/operations/search-api.ts';
import { openGate, type Gate } from '../../setup/gate.ts';
import { serveRecords, type RecordServer } from '../../setup/connector.ts';
import { startTestWorker } from '../../setup/start-worker.ts';
import { withTimeSkipping } from '../../setup/time-skipping.ts';
import type { ConnectionFault, MatrixFault } from './faults.ts';

/** An application, its worker, and what may stand between the two. */
export interface Stage {
  readonly simulator: Simulator;
  readonly records: RecordServer;
  readonly client: Client;
  /** Starts workflows that jump over every pause. */
  readonly hasty: Client;
  readonly taskQueue: string;
  readonly gate?: Gate;
  readonly strike: () => Promise<void>;
}

/** A late answer is given up after this time here: far more than an honest one takes on the busiest machine. */
const LATE_AFTER = '3s';

export async function setStage({
  late,
  connection,
}: { late?: boolean; connection?: ConnectionFault } = {}): Promise<Stage> {
  const id = randomUUID().slice(0, 8);
  const secretsDir = mkdtempSync(join(tmpdir(), 'matrix-secrets-'));
  const [simulator, records] = await Promise.all([
    startSimulator({
      applicationId: `MATRIX${id}`,
      apiKey: `first-key-${id}`,
      adminKey: `admin-key-${id}`,
      runSpeed: 20,
      pushMs: 20,
      quotas: false,
    }),
    serveRecords(3),
  ]);
  const gate = connection && (await openGate(simulator.url, connection));
  const { applicationId, apiKey } = simulator;
  const url = gate?.url.origin ?? simulator.url;
  const worker = await startTestWorker({
    simulator: { applicationId, apiKey, url },
    environment: {
      SECRETS_DIR: secretsDir,
      SECRET_ALGOLIA_ADMIN_KEY: simulator.adminKey,
      SECRET_SHOP: 'correct-horse-battery',
      ...(late ? { ALGOLIA_TIMEOUT: LATE_AFTER } : {}),
    },
  });
  return {
    simulator,
    records,
    client: worker.client,
    hasty: withTimeSkipping(worker.client),
    taskQueue: worker.taskQueue,
    ...(gate ? { gate } : {}),
    async strike() {
      await worker.stop();
      await gate?.stop();
      await Promise.all([simulator.stop(), records.stop()]);
      rmSync(secretsDir, { recursive: true });
    },
  };
}

/** Which requests are meant: those of an operation that name something. */
export interface Subject {
  readonly operation: string;
  /** Whether this stands in the path or in the body of a request that is meant. */
  readonly names: (text: string) => boolean;
}

/** One fault that is to come, and what has come of it. */
export interface Encounter {
  /** The requests that were meant, those included that found no way. */
  requests(): number;
  /** Whether the fault has been met. */
  met(): boolean;
}

/** From now on the first request of the subject meets the fault. */
export function arrange({ simulator, gate }: Stage, fault: MatrixFault, subject: Subject): Encounter {
  const { faults, requests } = simulator.world;
  const after = requests.list({ limit: 1 })[0]?.seq ?? 0;
  const arrived = () =>
    requests
      .list({ operation: subject.operation, after })
      .filter(({ path, body }) => subject.names(JSON.stringify([path, body]))).length;
  if (fault.connection) {
    if (!gate) throw new Error(`${fault.name} takes a stage with a gate`);
    const before = gate.failed();
    const route = routeOf(subject.operation);
    gate.shutFor((method, path) => route.test(`${method} ${path}`));
    const isMet = () => gate.failed() > before;
    // Others that connected at the same moment may have failed with it.
    return { requests: () => arrived() + (isMet() ? 1 : 0), met: isMet };
  }
  const added = faults.add({
    kind: 'status',
    ...fault.request,
    operation: subject.operation,
    applies: ({ params, body }) => subject.names(JSON.stringify([params, body])),
  });
  return { requests: arrived, met: () => added.hits === 1 };
}

function routeOf(operation: string): RegExp {
  const { method, path } = { ...operations, ...searchApi }[operation as 'getTask'] as Operation;
  return new RegExp(`^${method} ${path.replaceAll(/\{\w+\}/g, '[^/?]+')}(\\?|$)`);
}
