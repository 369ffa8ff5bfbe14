import {
  ApplicationFailure,
  defineQuery,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { ResourceKind } from '../activities/find-resources.ts';
import { checkInput, once } from './proxies.ts';
import { adoptOrCreate, type Settled, type Wanted } from './steps/adopt-or-create.ts';
import { failureMessage, failureType, unwrap } from './steps/failure-type.ts';
import { findableBy } from './steps/search-attributes.ts';
import { undoLog, type UndoLog } from './steps/undo.ts';
import { checkSource, checkTransformation, type Validation } from './steps/validate.ts';
import { syncTask, type SyncTaskResult } from './sync-task.ts';

/**
 * Makes a whole connector or nothing: authentication → validate source → source → try transformation → transformation → destination → task.
 * What has the connector's name already is adopted; an answer that was lost is looked up, so nothing is ever made twice.
 * On failure or cancellation exactly what this run created is deleted again, unless `keepOnFailure`.
 */
export type ProvisionConnectorInput = WorkflowInput<'provisionConnector'>;

export interface ProvisionConnectorResult {
  readonly ids: ConnectorIDs;
  readonly created: readonly ResourceKind[];
  readonly adopted: readonly ResourceKind[];
  readonly validation: Validation;
  /** The first sync, if one was asked for. */
  readonly sync?: SyncTaskResult;
}

export interface ConnectorIDs {
  readonly authenticationID?: string;
  readonly sourceID: string;
  readonly transformationID?: string;
  readonly destinationID: string;
  readonly taskID: string;
}

/** The answer to the query `status`. */
export interface ProvisionConnectorStatus {
  readonly name: string;
  readonly step: string;
  readonly ids: Partial<ConnectorIDs>;
  readonly created: readonly ResourceKind[];
  readonly adopted: readonly ResourceKind[];
  /** After a failure: what was to be deleted again but could not be. */
  readonly leftBehind?: readonly string[];
}

export const provisionConnectorStatus = defineQuery<ProvisionConnectorStatus>('status');

export async function provisionConnector(rawInput: ProvisionConnectorInput): Promise<ProvisionConnectorResult> {
  const progress = startProgress(rawInput?.name);
  const input = await checkInput('provisionConnector', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId, AlgoliaIndex: input.destination.input.indexName });
  const undo = undoLog();
  try {
    const connector = await makeConnector(input, undo, progress);
    const sync = await firstSync(input, connector.ids.taskID, progress);
    progress.tell({ step: 'done' });
    findableBy({ AlgoliaTaskId: connector.ids.taskID, Outcome: sync?.verdict ?? 'created' });
    return { ...connector, ...(sync ? { sync } : {}) };
  } catch (error) {
    await undoAll(input, undo, progress, error);
    throw toWorkflowFailure(error, progress.status.leftBehind);
  }
}

interface Progress {
  readonly status: ProvisionConnectorStatus;
  readonly tell: (change: Partial<ProvisionConnectorStatus>) => void;
}

function startProgress(name: string): Progress {
  const progress = {
    status: { name, step: 'checking the input', ids: {}, created: [], adopted: [] } as ProvisionConnectorStatus,
    tell(change: Partial<ProvisionConnectorStatus>) {
      progress.status = { ...progress.status, ...change };
      setCurrentDetails(describe(progress.status));
    },
  };
  setHandler(provisionConnectorStatus, () => progress.status, { description: 'What has been made so far' });
  return progress;
}

type Connector = Omit<ProvisionConnectorResult, 'sync'>;

async function makeConnector(
  input: Checked<'provisionConnector'>,
  undo: UndoLog,
  progress: Progress,
): Promise<Connector> {
  const { name, ifExists, authentication, source, transformation, destination, task } = input;
  const settle = async (wanted: Omit<Wanted, 'ifExists'>, id: keyof ConnectorIDs): Promise<string> => {
    progress.tell({ step: `settling the ${wanted.kind}` });
    const settled: Settled = await adoptOrCreate({ ...wanted, ifExists }, undo);
    progress.tell({
      ids: { ...progress.status.ids, [id]: settled.id },
      [settled.how]: [...progress.status[settled.how], wanted.kind],
    });
    return settled.id;
  };

  const authenticationID =
    authentication &&
    (await settle(
      {
        kind: 'authentication',
        match: { name },
        type: authentication.type,
        create: async () => (await once.createAuthentication({ ...authentication, name })).authenticationID,
      },
      'authenticationID',
    ));

  const sourceCreate = { ...source, name, ...(authenticationID ? { authenticationID } : {}) };
  progress.tell({ step: 'validating the source' });
  const validation = await checkSource(sourceCreate);
  const sourceID = await settle(
    {
      kind: 'source',
      match: { name },
      type: source.type,
      create: async () => (await once.createSource(sourceCreate)).sourceID,
    },
    'sourceID',
  );

  const transformationID = transformation && (await makeTransformation(transformation, name, settle, progress));

  const destinationID = await settle(
    {
      kind: 'destination',
      match: { name },
      type: destination.type,
      create: async () =>
        (
          await once.createDestination({
            ...destination,
            name,
            ...(transformationID ? { transformationIDs: [transformationID] } : {}),
          })
        ).destinationID,
    },
    'destinationID',
  );
  const taskID = await settle(
    {
      kind: 'task',
      match: { sourceID, destinationID, action: task.action },
      create: async () => (await once.createTask({ ...task, sourceID, destinationID })).taskID,
    },
    'taskID',
  );
  const { created, adopted } = progress.status;
  const ids = {
    sourceID,
    destinationID,
    taskID,
    ...(authenticationID ? { authenticationID } : {}),
    ...(transformationID ? { transformationID } : {}),
  };
  return { ids, created, adopted, validation };
}

async function makeTransformation(
  transformation: NonNullable<Checked<'provisionConnector'>['transformation']>,
  connectorName: string,
  settle: (wanted: Omit<Wanted, 'ifExists'>, id: keyof ConnectorIDs) => Promise<string>,
  progress: Progress,
): Promise<string> {
  const { name = connectorName, type, input, tryOn = [] } = transformation;
  for (const [index, sampleRecord] of tryOn.entries()) {
    progress.tell({ step: `trying the transformation on record ${index + 1} of ${tryOn.length}` });
    await checkTransformation({ type, input, sampleRecord });
  }
  const create = async () => (await once.createTransformation({ name, type, input })).transformationID;
  return settle({ kind: 'transformation', match: { name }, type, create }, 'transformationID');
}

async function firstSync(
  input: Checked<'provisionConnector'>,
  taskID: string,
  progress: Progress,
): Promise<SyncTaskResult | undefined> {
  if (!input.firstSync?.enabled) return undefined;
  const { enabled: _enabled, ...options } = input.firstSync;
  const workflowId = `${workflowInfo().workflowId}/sync`;
  progress.tell({ step: `syncing for the first time: workflow ${workflowId}` });
  return executeChild(syncTask, {
    args: [{ taskID, ...options }],
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    staticSummary: `first sync of ${input.name}`,
  });
}

async function undoAll(
  input: Checked<'provisionConnector'>,
  undo: UndoLog,
  progress: Progress,
  error: unknown,
): Promise<void> {
  const why = isCancellation(error) ? 'cancelled' : failureMessage(error);
  if (input.keepOnFailure) return progress.tell({ step: `failed, and kept what was made: ${why}` });
  progress.tell({ step: `deleting what was made, because: ${why}` });
  const leftBehind = await undo.undo();
  progress.tell({ step: `undone, because: ${why}`, ...(leftBehind.length > 0 ? { leftBehind } : {}) });
}

/** The failure itself, unless something was left behind: that must be said. */
function toWorkflowFailure(error: unknown, leftBehind: readonly string[] | undefined): unknown {
  if (!leftBehind || isCancellation(error)) return error;
  return ApplicationFailure.create({
    type: failureType(error) ?? 'ProvisionFailed',
    nonRetryable: true,
    message: `${failureMessage(error)}. Not undone: ${leftBehind.join('; ')}`,
    details: [{ leftBehind }],
    ...(unwrap(error) instanceof Error ? { cause: unwrap(error) as Error } : {}),
  });
}

function describe({ name, step, ids, created, adopted, leftBehind = [] }: ProvisionConnectorStatus): string {
  const rows = Object.entries(ids).map(([id, value]) => `| ${id} | \`${value}\` |`);
  return [
    `**${name}**: ${step}`,
    '',
    ...(rows.length > 0 ? ['| | |', '|---|---|', ...rows, ''] : []),
    `created: ${created.join(', ') || 'nothing'}; adopted: ${adopted.join(', ') || 'nothing'}`,
    ...leftBehind.map((what) => `\n**left behind**: ${what}`),
  ].join('\n');
}
