import type { Checked } from '../../activities/check-input.ts';
import type { ResourceKind } from '../../operations/resource-kinds.ts';
import { once, repeatable } from '../proxies.ts';
import { adoptOrCreate, type Settled, type Wanted } from './adopt-or-create.ts';
import { follows } from './changes.ts';
import { plain } from './plain-text.ts';
import type { Progress } from './progress.ts';
import { findableBy } from './search-attributes.ts';
import type { UndoLog } from './undo.ts';
import { reasonOf, undoneFailure } from './undone-failure.ts';
import { checkSource, checkTransformation, type Validation } from './validate.ts';

/** What a connector is made from. */
export type ConnectorInput = Pick<
  Checked<'provisionConnector'>,
  'name' | 'ifExists' | 'authentication' | 'source' | 'transformation' | 'destination' | 'task' | 'keepOnFailure'
>;

export interface ConnectorIDs {
  readonly authenticationID?: string;
  readonly sourceID: string;
  readonly transformationID?: string;
  readonly destinationID: string;
  readonly taskID: string;
}

export interface Connector {
  readonly ids: ConnectorIDs;
  readonly created: readonly ResourceKind[];
  readonly adopted: readonly ResourceKind[];
  /** Where what was adopted is not what the input says: `source: input.url`. It is left as it is. */
  readonly differs: readonly string[];
  readonly validation: Validation;
}

/** How far the making has come. */
export interface ConnectorStatus {
  readonly name: string;
  readonly step: string;
  readonly ids: Partial<ConnectorIDs>;
  readonly created: readonly ResourceKind[];
  readonly adopted: readonly ResourceKind[];
  readonly differs: readonly string[];
  /** After a failure: what was to be deleted again but could not be. */
  readonly leftBehind?: readonly string[];
}

export const atTheStart = (name: string): ConnectorStatus => ({
  name,
  step: 'checking the input',
  ids: {},
  created: [],
  adopted: [],
  differs: [],
});

/**
 * Whether the task has to be created disabled, and enabled once somebody has approved it: its cron, or a push, would not wait for
 * that. One that is adopted stays as it is.
 */
export const isHeld = ({ task }: ConnectorInput): boolean =>
  task.enabled !== false && follows('disabled until approved');

export async function enableHeld({ created, ids: { taskID } }: Connector): Promise<void> {
  if (created.includes('task')) await repeatable.enableTask({ taskID });
}

/** Makes what is not there yet, in the order in which the parts need each other. What it makes is in the undo log. */
export async function makeConnector(
  input: ConnectorInput,
  undo: UndoLog,
  progress: Progress<ConnectorStatus>,
  { disabled = false }: { readonly disabled?: boolean } = {},
): Promise<Connector> {
  const { name, ifExists, authentication, source, transformation, destination, task } = input;
  const settle = async (wanted: Omit<Wanted, 'ifExists'>, id: keyof ConnectorIDs): Promise<string> => {
    progress.tell({ step: `settling the ${wanted.kind}` });
    const settled: Settled = await adoptOrCreate({ ...wanted, ifExists }, undo);
    progress.tell({
      ids: { ...progress.status.ids, [id]: settled.id },
      [settled.how]: [...progress.status[settled.how], wanted.kind],
      differs: [...progress.status.differs, ...(settled.differs ?? []).map((place) => `${wanted.kind}: ${place}`)],
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
        expect: authentication,
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
      expect: sourceCreate,
      create: async () => (await once.createSource(sourceCreate)).sourceID,
    },
    'sourceID',
  );

  const transformationID = transformation && (await makeTransformation(transformation, name, settle, progress));

  const destinationCreate = {
    ...destination,
    name,
    ...(transformationID ? { transformationIDs: [transformationID] } : {}),
  };
  const destinationID = await settle(
    {
      kind: 'destination',
      match: { name },
      type: destination.type,
      expect: destinationCreate,
      create: async () => (await once.createDestination(destinationCreate)).destinationID,
    },
    'destinationID',
  );
  const taskID = await settle(
    {
      kind: 'task',
      match: { sourceID, destinationID, action: task.action },
      expect: task,
      create: async () => {
        const wanted = { ...task, ...(disabled ? { enabled: false } : {}), sourceID, destinationID };
        return (await once.createTask(wanted)).taskID;
      },
    },
    'taskID',
  );
  const { created, adopted, differs } = progress.status;
  const ids = {
    sourceID,
    destinationID,
    taskID,
    ...(authenticationID ? { authenticationID } : {}),
    ...(transformationID ? { transformationID } : {}),
  };
  return { ids, created, adopted, differs, validation };
}

async function makeTransformation(
  transformation: NonNullable<ConnectorInput['transformation']>,
  connectorName: string,
  settle: (wanted: Omit<Wanted, 'ifExists'>, id: keyof ConnectorIDs) => Promise<string>,
  progress: Progress<ConnectorStatus>,
): Promise<string> {
  const { name = connectorName, type, input, tryOn = [] } = transformation;
  for (const [index, sampleRecord] of tryOn.entries()) {
    progress.tell({ step: `trying the transformation on record ${index + 1} of ${tryOn.length}` });
    await checkTransformation({ type, input, sampleRecord });
  }
  const create = async () => (await once.createTransformation({ name, type, input })).transformationID;
  return settle({ kind: 'transformation', match: { name }, type, expect: { input }, create }, 'transformationID');
}

/** After a failure: deletes what was made, unless it is to be kept, and returns what to throw. */
export async function unmakeConnector(
  input: Pick<ConnectorInput, 'keepOnFailure'>,
  undo: UndoLog,
  progress: Progress<ConnectorStatus>,
  error: unknown,
): Promise<unknown> {
  const why = reasonOf(error);
  const failed = (outcome?: string, details?: object) =>
    undoneFailure(error, { type: 'ProvisionFailed', outcome, details });
  const { created } = progress.status;
  const ended = (Outcome: string) => {
    if (follows('outcome of what failed')) findableBy({ Outcome });
  };
  if (input.keepOnFailure) {
    ended('kept');
    progress.tell({ step: `failed, and kept what was made: ${why}` });
    return failed(created.length > 0 ? 'What was made is kept' : undefined);
  }
  progress.tell({ step: `deleting what was made, because: ${why}` });
  const leftBehind = await undo.undo();
  ended(leftBehind.length > 0 ? 'not undone' : 'undone');
  progress.tell({ step: `undone, because: ${why}`, ...(leftBehind.length > 0 ? { leftBehind } : {}) });
  if (leftBehind.length > 0) return failed(`Not undone: ${leftBehind.join('; ')}`, { leftBehind });
  return failed(created.length > 0 ? 'What was made is deleted again' : undefined);
}

/** A connector in the making in Markdown, for the Web UI's Current Details. */
export function describeConnector(status: ConnectorStatus): string {
  const { name, step, ids, created, adopted, differs, leftBehind = [] } = status;
  const rows = Object.entries(ids).map(([id, value]) => `- ${id} \`${value}\``);
  return [
    `**${plain(name)}**: ${step}`,
    '',
    ...(rows.length > 0 ? [...rows, ''] : []),
    `created: ${created.join(', ') || 'nothing'}; adopted: ${adopted.join(', ') || 'nothing'}`,
    ...differs.map((place) => `\n**not as the input says**, and left as it is: ${place}`),
    ...leftBehind.map((what) => `\n**left behind**: ${what}`),
  ].join('\n');
}
