import { ApplicationFailure } from '@temporalio/activity';
import type { z } from 'zod';
import { asSentence, describeIssues } from '../algolia/check-input.ts';
import { parseWorded } from '../algolia/wording.ts';
import type { ApprovalPolicies } from '../approvals/load-policies.ts';
import { noSuchPolicy, policyOf } from './approval-policy.ts';
import { applyManifestInput } from './inputs/apply-manifest.ts';
import { backfillInput } from './inputs/backfill.ts';
import { callOperationInput } from './inputs/call-operation.ts';
import { changeSourceInput, rotateAuthenticationInput } from './inputs/change.ts';
import { connectorPipelineInput } from './inputs/connector-pipeline.ts';
import { decommissionConnectorInput } from './inputs/decommission-connector.ts';
import { deployTransformationInput } from './inputs/deploy-transformation.ts';
import { provisionConnectorInput } from './inputs/provision-connector.ts';
import { pushRecordsInput } from './inputs/push-records.ts';
import { replaceAllRecordsInput } from './inputs/replace-all-records.ts';
import { rotateApiKeyInput } from './inputs/rotate-api-key.ts';
import { syncSourceInput, syncTaskInput } from './inputs/sync.ts';
import type { approvalBy } from './inputs/vocabulary.ts';
import { reenableTaskInput, watchConnectorsInput } from './inputs/watch-connectors.ts';

/** What each workflow takes. */
export const workflowInputs = {
  syncTask: syncTaskInput,
  syncSource: syncSourceInput,
  provisionConnector: provisionConnectorInput,
  callOperation: callOperationInput,
  connectorPipeline: connectorPipelineInput,
  changeSource: changeSourceInput,
  deployTransformation: deployTransformationInput,
  decommissionConnector: decommissionConnectorInput,
  rotateAuthentication: rotateAuthenticationInput,
  rotateApiKey: rotateApiKeyInput,
  pushRecords: pushRecordsInput,
  replaceAllRecords: replaceAllRecordsInput,
  backfill: backfillInput,
  watchConnectors: watchConnectorsInput,
  reenableTask: reenableTaskInput,
  applyManifest: applyManifestInput,
};

export type WorkflowType = keyof typeof workflowInputs;
/** As a caller writes it. */
export type WorkflowInput<T extends WorkflowType> = z.input<(typeof workflowInputs)[T]>;
/** With every default filled in. */
export type Checked<T extends WorkflowType> = z.output<(typeof workflowInputs)[T]> & Surroundings;

/** What a workflow can't know by itself. */
export interface Surroundings {
  readonly applicationId: string;
}

/** Checks a workflow's input before anything else happens, or throws `InvalidInput` naming every wrong place. */
export function createCheckInput(applicationId: string, { policies }: ApprovalPolicies) {
  return async function checkInput<T extends WorkflowType>(type: T, input: unknown): Promise<Checked<T>> {
    const parsed = parseWorded(workflowInputs[type], input);
    if (!parsed.success) throw invalid(asSentence(describeIssues(parsed.error.issues, 'input')));
    // Some ask only once much is done.
    const { policy } = (parsed.data as { approval?: z.output<typeof approvalBy> }).approval ?? {};
    if (policy !== undefined && !policyOf(policies, policy))
      throw invalid(`input.approval.policy: ${noSuchPolicy(policies, policy)}`);
    return { ...(parsed.data as object), applicationId } as unknown as Checked<T>;
  };
}

const invalid = (why: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`${why} Nothing was sent.`, 'InvalidInput');
