import { SimplePlugin, type SimplePluginOptions } from '@temporalio/plugin';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { loadApprovalPolicies } from '../approvals/load-policies.ts';
import { createDataConverter, payloadConverterPath } from '../codec/data-converter.ts';
import type { Config } from '../config.ts';
import { configuredActivities } from '../configured-activities.ts';
import { joinKeyRing } from '../join-key-ring.ts';
import { createScrubber } from '../secrets/scrubber.ts';
import { createSecretStore } from '../secrets/secret-store.ts';
import { workflowInterceptorModules, workflowsPath } from '../workflow-bundle.ts';

export interface PluginOptions {
  readonly config: Config;
  /** The worker's. The key ring is read through it, in the configuration's namespace. */
  readonly connection: NativeConnection;
}

/**
 * Adds the activities to a worker, and the workflows where it has none of its own; follows the application's key ring while the
 * worker runs; encrypts if the configuration says so. Throws `ConfigError` if the API key that counts can't be read.
 */
export async function createPlugin({ config, connection }: PluginOptions): Promise<SimplePlugin> {
  const scrubber = createScrubber();
  const secrets = createSecretStore({ variables: config.secretVariables, directory: config.secretsDir, scrubber });
  const dataConverter = config.codecKeys.length > 0 ? createDataConverter(config.codecKeys) : undefined;
  const approvals = loadApprovalPolicies(config.approvalPolicies);
  const ring = await joinKeyRing({ config, connection, dataConverter, scrubber, secrets });
  const { keys, keyStore, identity, whileRunning } = ring;
  return new IngestionPlugin(identity, {
    name: 'algolia-ingestion',
    activities: configuredActivities({ config, scrubber, secrets, keys, keyStore, approvals }),
    workflowsPath: (own) => own ?? workflowsPath,
    workerInterceptors: { workflowModules: workflowInterceptorModules },
    dataConverter: (own) => ({ payloadConverterPath, ...own, ...dataConverter }),
    runContext: whileRunning,
  });
}

/** The ring knows a worker by the end of its identity; a rotation would wait for one that is called otherwise. */
class IngestionPlugin extends SimplePlugin {
  readonly #identity: string;

  constructor(identity: string, options: SimplePluginOptions) {
    super(options);
    this.#identity = identity;
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    const configured = super.configureWorker({ maxHeartbeatThrottleInterval: '5s', ...options });
    if (!options.workflowBundle) return { ...configured, identity: this.#identity };
    // It has its workflows, and their interceptors.
    const { workflowsPath: _, interceptors, ...rest } = configured;
    const { workflowModules = [] } = options.interceptors ?? {};
    return { ...rest, interceptors: { ...interceptors, workflowModules }, identity: this.#identity };
  }
}
