import { cancellationSignal, Context } from '@temporalio/activity';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { keyRingId } from '../secrets/key-ring-state.ts';
import { readKeyRing } from '../secrets/read-key-ring.ts';
import { attempt } from './attempt.ts';
import type { SweepInput, TemporaryIndex } from './index-sweep.ts';
import { withFreshKey } from './operation-activities.ts';
import { lookAtAll, type Look, type Problem } from './problem.ts';

const PAGE_SIZE = 100;
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
const USERS = [
  ['listSources', 'sources'],
  ['listDestinations', 'destinations'],
  ['listTransformations', 'transformations'],
] as const;

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
  const listAll = async function* (list: 'listAuthentications' | (typeof USERS)[number][0], member: string) {
    for (let page = 1; ; page += 1) {
      const answer = (await withFreshKey(keys, (options) =>
        client.call(list, { itemsPerPage: PAGE_SIZE, page, sort: 'createdAt', order: 'asc' } as never, {
          signal: cancellationSignal(),
          ...options,
        }),
      )) as unknown as Record<string, Record<string, unknown>[]>;
      const items = answer[member] ?? [];
      yield* items;
      if (items.length < PAGE_SIZE) return;
    }
  };

  async function inspectAuthentications({ leftoverAfterMs, now, open }: InspectLeftoversInput): Promise<Look> {
    const users = new Set<unknown>();
    for (const [list, member] of USERS) {
      for await (const { authenticationID, authenticationIDs } of listAll(list, member))
        for (const id of [authenticationID, authenticationIDs].flat()) users.add(id);
    }
    let checked = 0;
    const problems: Problem[] = [];
    for await (const { authenticationID, name, createdAt, updatedAt } of listAll(
      'listAuthentications',
      'authentications',
    )) {
      checked += 1;
      const youngest = Math.max(...[createdAt, updatedAt].map((date) => Date.parse(date as string) || 0));
      if (users.has(authenticationID) || now - youngest < leftoverAfterMs) continue;
      problems.push({
        key: `authentication/${String(authenticationID)}`,
        kind: 'authentication.orphaned',
        text: `authentication ${String(authenticationID)} (${String(name)}) is used by nothing: delete it, for it holds a credential`,
      });
    }
    const busy = problems.length > 0 && (await isAnyRunning(MAKES_ORPHANS, applicationId));
    if (busy)
      return {
        problems: [],
        fine: [],
        checked,
        unchecked: ['authentications: a workflow that makes or deletes them is under way'],
      };
    return { ...lookAtAll(open, 'authentication/', problems), checked };
  }

  async function inspectIndices({ leftoverAfterMs, open }: InspectLeftoversInput): Promise<Look> {
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

  async function inspectKeyRing({ now, open }: InspectLeftoversInput): Promise<Look> {
    const ring = await readKeyRing(Context.current().client, applicationId);
    const why = ring?.pending && (await whyStuck(ring.rotation?.workflowId, now));
    const problem: Problem = {
      key: 'keyRing/stuck',
      kind: 'keyRing.stuck',
      text: `the key ring ${keyRingId(applicationId)} waits for ${ring?.pending?.reference} to be promoted, but ${why}: start rotateApiKey again`,
    };
    return { ...lookAtAll(open, 'keyRing/', why ? [problem] : []), checked: ring ? 1 : 0 };
  }

  return async function inspectLeftovers(input: InspectLeftoversInput): Promise<Look> {
    return attempt(async () => {
      const looks = [await inspectKeyRing(input), await inspectAuthentications(input), await inspectIndices(input)];
      return {
        problems: looks.flatMap(({ problems }) => problems),
        fine: looks.flatMap(({ fine }) => fine),
        unchecked: looks.flatMap(({ unchecked = [] }) => unchecked),
        checked: looks.reduce((sum, { checked }) => sum + checked, 0),
      };
    });
  };
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
