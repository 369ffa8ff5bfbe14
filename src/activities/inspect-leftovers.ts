import { Context } from '@temporalio/activity';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { keyRingId } from '../secrets/key-ring-state.ts';
import { readKeyRing } from '../secrets/read-key-ring.ts';
import { attempt } from './attempt.ts';
import type { SweepInput, TemporaryIndex } from './index-sweep.ts';
import { listAllResources } from './list-resources.ts';
import { lookAtAll, type Look, type Problem } from './problem.ts';
import { callWith, type Call } from './with-fresh-key.ts';

/** Longer than any rotation with usual overlaps. */
const ROTATION_TAKES_AT_MOST_MS = 7 * 24 * 3_600_000;
/** What holds authentications that nothing uses, for a while. */
const MAKES_ORPHANS = [
  'rotateAuthentication',
  'provisionConnector',
  'connectorPipeline',
  'decommissionConnector',
  'applyManifest',
];
/** What uses authentications. */
const USERS = ['source', 'destination', 'transformation'] as const;

export interface InspectLeftoversInput {
  readonly leftoverAfterMs: number;
  /** ms since 1970. */
  readonly now: number;
  readonly open: readonly string[];
}

export interface InspectLeftoversOptions {
  readonly applicationId: string;
  readonly client: AlgoliaClient;
  readonly keys: ApiKeys;
  readonly sweep: (input: SweepInput) => Promise<TemporaryIndex[]>;
}

/** Looks for what lies about: temporary indices, authentications that nothing uses, a key ring that a rotation never gave back. */
export function createInspectLeftovers({ applicationId, client, keys, sweep }: InspectLeftoversOptions) {
  return async function inspectLeftovers(input: InspectLeftoversInput): Promise<Look> {
    return attempt(async (signal) => {
      const looks = [
        await inspectKeyRing(applicationId, input),
        await inspectAuthentications(callWith(client, keys, signal), applicationId, input),
        await inspectIndices(sweep, input),
      ];
      return {
        problems: looks.flatMap(({ problems }) => problems),
        fine: looks.flatMap(({ fine }) => fine),
        unchecked: looks.flatMap(({ unchecked = [] }) => unchecked),
        checked: looks.reduce((sum, { checked }) => sum + checked, 0),
      };
    });
  };
}

async function inspectAuthentications(
  call: Call,
  applicationId: string,
  { leftoverAfterMs, now, open }: InspectLeftoversInput,
): Promise<Look> {
  const users = new Set<unknown>();
  for (const kind of USERS) {
    for (const { authenticationID, authenticationIDs } of await listAllResources(call, kind))
      for (const id of [authenticationID, authenticationIDs].flat()) users.add(id);
  }
  const authentications = await listAllResources(call, 'authentication');
  const checked = authentications.length;
  const problems = authentications
    .filter(({ authenticationID, createdAt, updatedAt }) => {
      const youngest = Math.max(...[createdAt, updatedAt].map((date) => Date.parse(date as string) || 0));
      return !users.has(authenticationID) && now - youngest >= leftoverAfterMs;
    })
    .map(({ authenticationID, name }): Problem => ({
      key: `authentication/${String(authenticationID)}`,
      kind: 'authentication.orphaned',
      text: `authentication ${String(authenticationID)} (${String(name)}) is used by nothing: delete it, for it holds a credential`,
    }));
  if (problems.length > 0 && (await isAnyRunning(MAKES_ORPHANS, applicationId))) {
    const why = 'authentications: a workflow that makes or deletes them is under way';
    return { problems: [], fine: [], checked, unchecked: [why] };
  }
  return { ...lookAtAll(open, 'authentication/', problems), checked };
}

async function inspectIndices(
  sweep: InspectLeftoversOptions['sweep'],
  { leftoverAfterMs, open }: InspectLeftoversInput,
): Promise<Look> {
  try {
    const indices = await sweep({ olderThanMs: leftoverAfterMs, delete: false });
    const problems = indices
      .filter(({ state }) => state === 'leftover')
      .map(({ indexName, of, records }): Problem => ({
        key: `index/${indexName}`,
        kind: 'index.leftover',
        text: `temporary index ${indexName} of ${of} was left behind with ${records} records: \`algolia-ingestion sweep --delete\``,
      }));
    return { ...lookAtAll(open, 'index/', problems), checked: indices.length };
  } catch (error) {
    // A key that may not list indices may not have made any.
    if (!(error instanceof ApplicationFailure) || error.type !== 'AlgoliaAuth') throw error;
    return { problems: [], fine: [], checked: 0, unchecked: [`temporary indices: ${error.message}`] };
  }
}

async function inspectKeyRing(applicationId: string, { now, open }: InspectLeftoversInput): Promise<Look> {
  const ring = await readKeyRing(Context.current().client, applicationId);
  const why = ring?.pending && (await whyStuck(ring.rotation?.workflowId, now));
  const problem: Problem = {
    key: 'keyRing/stuck',
    kind: 'keyRing.stuck',
    text: `the key ring ${keyRingId(applicationId)} waits for ${ring?.pending?.reference} to be promoted, but ${why}: start rotateApiKey again`,
  };
  return { ...lookAtAll(open, 'keyRing/', why ? [problem] : []), checked: ring ? 1 : 0 };
}

async function whyStuck(rotation: string | undefined, now: number): Promise<string | undefined> {
  if (rotation === undefined) return 'no rotation is under way';
  try {
    const { status, startTime } = await Context.current().client.workflow.getHandle(rotation).describe();
    if (status.name !== 'RUNNING') return `its rotation ${rotation} is not running`;
    return now - startTime.getTime() > ROTATION_TAKES_AT_MOST_MS
      ? `its rotation ${rotation} has been under way since ${startTime.toISOString()}`
      : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return `its rotation ${rotation} is gone`;
    throw error;
  }
}

async function isAnyRunning(types: readonly string[], applicationId: string): Promise<boolean> {
  const anyOf = types.map((type) => `'${type}'`).join(', ');
  const query = `WorkflowType IN (${anyOf}) AND ExecutionStatus = 'Running' AND AlgoliaAppId = '${applicationId}'`;
  const { count } = await Context.current().client.workflow.count(query);
  return count > 0;
}
