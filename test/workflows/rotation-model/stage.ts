import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type Simulator } from '../../../simulator/index.ts';
import { startTestWorker, type TestWorker } from '../../setup/start-worker.ts';
import { APPROVERS, type Story } from './story.ts';

/** An application and its worker, on which one rotation after the other is played. */
export interface Stage {
  readonly simulator: Simulator;
  readonly worker: TestWorker;
  readonly secretsDir: string;
  readonly strike: () => Promise<void>;
}

export async function setStage({ straggler }: Pick<Story, 'straggler'>): Promise<Stage> {
  const id = randomUUID().slice(0, 8);
  const simulator = await startSimulator({
    applicationId: `MODEL${id}`,
    apiKey: `first-key-${id}`,
    adminKey: `admin-key-${id}`,
    quotas: false,
  });
  const secretsDir = mkdtempSync(join(tmpdir(), 'model-secrets-'));
  const policies = join(secretsDir, 'policies.yaml');
  const approvers = JSON.stringify(APPROVERS);
  writeFileSync(
    policies,
    `policies: {of-1: {approvers: ${approvers}, quorum: 1}, of-2: {approvers: ${approvers}, quorum: 2}}`,
  );
  const environment = { SECRET_ALGOLIA_ADMIN_KEY: simulator.adminKey, APPROVAL_POLICIES: policies };
  const worker = await startTestWorker({ simulator, environment: { ...environment, SECRETS_DIR: secretsDir } });
  // It has no SECRETS_DIR, so it never gets a new key, and must not be given what needs one.
  const other = straggler
    ? await startTestWorker({
        simulator,
        environment: { ...environment, TASK_QUEUE: worker.taskQueue },
        overrides: { enableNonLocalActivities: false },
      })
    : undefined;
  return {
    simulator,
    worker,
    secretsDir,
    async strike() {
      await Promise.all([worker.stop(), other?.stop()]);
      await simulator.stop();
      rmSync(secretsDir, { recursive: true });
    },
  };
}
