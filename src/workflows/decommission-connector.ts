import { ApplicationFailure, CancellationScope, defineQuery } from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import { checkInput, repeatable } from './proxies.ts';
import { checkPolicy, openApprovals, requireApproval, type ApprovalOutcome } from './steps/approval.ts';
import { readConnector, type ConnectorParts, type KeptPart, type Part } from './steps/connector-parts.ts';
import { deleteParts, type DeletedParts } from './steps/delete-parts.ts';
import { drainTasks } from './steps/drain-tasks.ts';
import { durationMs } from './steps/duration.ts';
import { failureMessage } from './steps/failure-type.ts';
import { plain } from './steps/plain-text.ts';
import { startProgress, type Progress } from './steps/progress.ts';
import { findableBy } from './steps/search-attributes.ts';
import { seeThrough } from './steps/see-through.ts';
import { reasonOf, undoneFailure } from './steps/undone-failure.ts';

/**
 * Takes a connector out of service: disable the task → drain its runs → show what is to be deleted → approval → delete in the order of
 * dependencies. What something else uses is kept, and its index too. The result holds the configuration of all that was deleted.
 * Until the first delete every failure, denial and cancellation enables the task again, if it was this run that disabled it.
 */
export type DecommissionConnectorInput = WorkflowInput<'decommissionConnector'>;

export interface DecommissionConnectorResult {
  readonly taskID: string;
  /** In the order of deletion, each as it was: what a create takes, but for blanked credentials. */
  readonly deleted: readonly Part[];
  /** What was to be deleted but is used by something else. */
  readonly kept: readonly KeptPart[];
  /** Runs that had not ended when people were asked. Algolia can't stop them. */
  readonly stillRunning: readonly string[];
  readonly approval: ApprovalOutcome;
}

/** The answer to the query `status`. */
export interface DecommissionConnectorStatus {
  readonly taskID: string;
  readonly step: string;
  readonly toDelete?: readonly Omit<Part, 'configuration'>[];
  readonly kept?: readonly KeptPart[];
  readonly stillRunning?: readonly string[];
  readonly deleted?: readonly Omit<Part, 'configuration'>[];
}

export const decommissionConnectorStatus = defineQuery<DecommissionConnectorStatus>('status');

type Input = Checked<'decommissionConnector'>;

export async function decommissionConnector(
  rawInput: DecommissionConnectorInput,
): Promise<DecommissionConnectorResult> {
  openApprovals();
  const { tell } = startProgress<DecommissionConnectorStatus>({
    query: decommissionConnectorStatus,
    description: 'How far the decommissioning has come',
    atTheStart: { taskID: rawInput?.taskID, step: 'checking the input' },
    describe,
  });
  const input = await checkInput('decommissionConnector', rawInput);
  const { taskID } = input;
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaTaskId: taskID });
  await checkPolicy(input.approval?.policy);

  tell({ step: 'reading the connector' });
  const { enabled, indexName } = await readConnector(input);
  findableBy({ AlgoliaIndex: indexName });
  return finish(await decommission(input, enabled, tell), tell);
}

type Tell = Progress<DecommissionConnectorStatus>['tell'];

type Outcome = DeletedParts & Pick<DecommissionConnectorResult, 'taskID' | 'stillRunning' | 'approval'>;

/** Everything up to the last delete. What fails here has deleted nothing, so there is a way back. */
async function decommission(input: Input, wasEnabled: boolean, tell: Tell): Promise<Outcome> {
  const { taskID } = input;
  try {
    if (wasEnabled) await disable(taskID, tell);
    const stillRunning = await drain(input, tell);
    const { approval, connector } = await approveDeletion(input, wasEnabled, stillRunning, tell);
    tell({ step: 'deleting' });
    // What was approved is finished: half a connector is of no use to anybody.
    const { deleted, kept, left } = await CancellationScope.nonCancellable(() =>
      deleteParts(connector.parts, (gone) => tell({ deleted: gone.map(identity) })),
    );
    return { taskID, approval, stillRunning, deleted, kept: [...connector.kept, ...kept], left };
  } catch (error) {
    throw await CancellationScope.nonCancellable(() => enableAgain(taskID, wasEnabled, error, tell));
  }
}

async function disable(taskID: string, tell: Tell): Promise<void> {
  tell({ step: 'disabling the task' });
  await seeThrough(() => repeatable.disableTask({ taskID }));
}

async function drain({ taskID, drain: patience }: Input, tell: Tell): Promise<readonly string[]> {
  const drainMs = durationMs(patience);
  const deadline = Date.now() + drainMs;
  tell({ step: `waiting until ${new Date(deadline).toISOString()} for the runs that are going on` });
  const stillRunning = await drainTasks([taskID], { deadline, noProgressMs: drainMs });
  tell({ stillRunning });
  return stillRunning;
}

async function approveDeletion(input: Input, wasEnabled: boolean, stillRunning: readonly string[], tell: Tell) {
  const { taskID, reason, requestedBy } = input;
  const read = async () => {
    const connector = asFound(await readConnector(input), wasEnabled);
    tell({ toDelete: connector.parts.map(identity), kept: connector.kept });
    return connector;
  };
  let connector = await read();
  const plan = () => ({
    delete: connector.parts,
    keep: connector.kept,
    indexStays: connector.indexName ?? null,
    taskIsEnabled: connector.enabled,
    stillRunning,
    ifDenied: wasEnabled ? 'the task is enabled again' : 'the task stays disabled, as it was',
  });
  const approval = await requireApproval({
    title: `deleting the connector of task ${taskID}`,
    reason,
    plan: plan(),
    policy: input.approval?.policy,
    requestedBy,
    describeAround: () => tell({ step: 'waiting for approval' }),
    replan: async () => {
      connector = await read();
      return plan();
    },
  });
  return { approval, connector };
}

/** With its task as it was before this run disabled it. */
function asFound({ parts, ...connector }: ConnectorParts, enabled: boolean): ConnectorParts {
  const before = (part: Part) =>
    part.resource === 'task' ? { ...part, configuration: { ...part.configuration, enabled } } : part;
  return { ...connector, parts: parts.map(before) };
}

function finish({ left, ...result }: Outcome, tell: Tell): DecommissionConnectorResult {
  const { deleted, kept } = result;
  tell({ step: left.length > 0 ? 'not everything could be deleted' : 'done', deleted: deleted.map(identity), kept });
  if (left.length > 0) {
    findableBy({ Outcome: 'incomplete' });
    const what = left.map(({ resource, id, why }) => `${resource} ${id}: ${why}`).join('; ');
    throw ApplicationFailure.create({
      type: 'DecommissionIncomplete',
      nonRetryable: true,
      message: `the task is deleted, but not everything else could be: ${what}. Delete that with callOperation`,
      details: [{ ...result, left }],
    });
  }
  findableBy({ Outcome: kept.length > 0 ? 'decommissioned, parts kept' : 'decommissioned' });
  return result;
}

/** Enables the task again if it was this run that disabled it, and returns what to throw. */
async function enableAgain(taskID: string, wasEnabled: boolean, error: unknown, tell: Tell): Promise<unknown> {
  const why = reasonOf(error);
  let outcome = 'Nothing was deleted, and the task stays disabled, as it was';
  let restored = true;
  if (wasEnabled) {
    try {
      tell({ step: `enabling the task again, because: ${why}` });
      await repeatable.enableTask({ taskID });
      outcome = 'Nothing was deleted, and the task is enabled again';
    } catch (enableError) {
      outcome = `The task may be left disabled: it could not be enabled again (${failureMessage(enableError)})`;
      restored = false;
    }
  }
  tell({ step: `${why}. ${outcome}` });
  findableBy({ Outcome: restored ? 'restored' : 'not restored' });
  return undoneFailure(error, { type: 'DecommissionFailed', outcome, details: { restored } });
}

const identity = ({ resource, id, name }: Part) => ({ resource, id, ...(name === undefined ? {} : { name }) });

function describe({
  taskID,
  step,
  toDelete = [],
  kept = [],
  stillRunning = [],
  deleted = [],
}: DecommissionConnectorStatus) {
  const isGone = (id: string) => deleted.some((part) => part.id === id);
  return [
    `**task \`${taskID}\`**: ${step}`,
    '',
    ...stillRunning.map((run) => `- **goes on**: ${run}`),
    ...toDelete.map(
      ({ resource, id, name }) =>
        `- ${isGone(id) ? 'deleted' : 'to be deleted'}: ${resource} \`${id}\`${name === undefined ? '' : ` ${plain(name)}`}`,
    ),
    ...kept.map(({ resource, id, why }) => `- kept: ${resource} \`${id}\`, because ${why}`),
  ].join('\n');
}
