import { afterAll, beforeAll } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import type { LoggedRequest } from '../../simulator/http/request-log.ts';
import { startTestWorker, type TestWorker } from './start-worker.ts';

export interface UntouchedApplication {
  readonly worker: TestWorker;
  /** None, if it is untouched. */
  readonly requests: () => readonly LoggedRequest[];
}

/** Within a `describe`: an application to which nothing is to be sent, and a worker for it, for inputs that are refused. */
export function untouchedApplication(): UntouchedApplication {
  let simulator: Simulator;
  let worker: TestWorker;
  beforeAll(async () => {
    simulator = await startSimulator();
    worker = await startTestWorker({ simulator });
  });
  afterAll(async () => {
    await worker.stop();
    await simulator.stop();
  });
  return {
    get worker() {
      return worker;
    },
    requests: () => simulator.world.requests.list({}),
  };
}
