import type { Simulator } from '../../simulator/index.ts';
import type * as workflows from '../../src/workflows/index.ts';
import { applyManifestId } from '../../src/workflows/apply-manifest.ts';
import { replaceAllRecordsId } from '../../src/workflows/replace-all-records.ts';
import { rotateApiKeyId } from '../../src/workflows/rotate-api-key.ts';
import { callAlgolia, makeConnector } from '../../test/setup/connector.ts';
import { makeIndex, makePushConnector } from '../../test/setup/indices.ts';
import { makeTransformed, NEW_CODE } from '../../test/setup/transformation.ts';
import { recordedConnector } from '../replay/recorded-connector.ts';

/** Begun by `watchConnectors` and by `rotateApiKey`; neither ends. */
type BegunByOthers = 'alertBook' | 'keyRing';

export interface Planned {
  readonly input: object;
  /** What its result must look like, as JSON. */
  readonly expected: RegExp;
  /** Whether it waits until somebody approves. */
  readonly asks?: true;
  /** Its id, where that is its lock. */
  readonly id?: string;
}

/** One of every type, with all that it needs: a new type that isn't here is an error of types. */
export type OutagePlan = Readonly<Record<Exclude<keyof typeof workflows, BegunByOthers>, Planned>>;

export async function planOutages(simulator: Simulator, url: string): Promise<OutagePlan> {
  const { applicationId } = simulator;
  const connector = (more: Parameters<typeof makeConnector>[1] = {}) => makeConnector(simulator, { url, ...more });
  const shop = await connector({ source: { type: 'shopify', input: { shopURL: 'https://shop.example' } } });
  await simulator.control(`POST /sources/${shop.sourceID}/records`, { records: [{ objectID: 'p1' }] });
  makeIndex(simulator, 'replaced', { count: 20 });
  await makePushConnector(simulator, 'replaced');
  await makePushConnector(simulator, 'pushed');
  await simulator.control('POST /faults', { operation: 'push', kind: 'slow', ms: 400, times: -1 });
  const [synced, watched, blocked, changed, gone, farewell] = [
    await connector(),
    await connector(),
    await connector({ task: { enabled: false } }),
    await connector(),
    await connector(),
    await connector(),
  ];
  const many = await Promise.all(Array.from({ length: 12 }, () => connector()));
  const transformed = await makeTransformed(simulator, { url });
  const { authenticationID = '' } = await callAlgolia(simulator, 'POST /1/authentications', {
    type: 'basic',
    name: 'rotated',
    input: { username: 'shop', password: 'the-old-password' },
  });
  const rotated = await connector({ source: { authenticationID } });
  return {
    syncTask: { input: { taskID: synced.taskID }, expected: /"verdict":"success"/ },
    syncSource: { input: { sourceID: shop.sourceID }, expected: /"verdict":"success"/ },
    backfill: {
      input: { items: many.map(({ taskID }) => ({ taskID })), maxParallel: 3 },
      expected: /"counts":\{"success":12\}/,
    },
    pushRecords: {
      input: {
        indexName: 'pushed',
        action: 'addObject',
        recordsRef: { uri: url },
        batch: { maxRecords: 1 },
        maxParallel: 1,
      },
      expected: /"pushed":25,.*"failed":0/,
    },
    replaceAllRecords: {
      id: replaceAllRecordsId(applicationId, 'replaced'),
      input: {
        indexName: 'replaced',
        recordsRef: { uri: url },
        guard: { minRecords: 1_000 },
        onGuard: 'askApproval',
      },
      expected: /"previousCount":20,.*"count":25,/,
      asks: true,
    },
    provisionConnector: { input: { ...recordedConnector(url), name: 'provisioned' }, expected: /"taskID"/ },
    connectorPipeline: {
      input: { ...recordedConnector(url), name: 'piped' },
      expected: /"verdict":"success"/,
      asks: true,
    },
    changeSource: {
      input: { sourceID: changed.sourceID, sourceUpdate: { input: { url, uniqueIDColumn: 'objectID' } } },
      expected: /"verdict":"success"/,
      asks: true,
    },
    deployTransformation: {
      input: {
        transformationID: transformed.transformationID,
        code: NEW_CODE,
        tryOn: [{ objectID: '1' }],
        canaryTaskID: transformed.taskID,
      },
      expected: /"outcome":"deployed".*"verdict":"success"/,
      asks: true,
    },
    decommissionConnector: {
      input: { taskID: farewell.taskID, alsoDelete: ['destination', 'source'] },
      expected: /"deleted":\[.*"task".*"destination".*"source".*\],"kept":\[\]/,
      asks: true,
    },
    rotateAuthentication: {
      input: {
        authenticationID,
        newInput: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } },
        canaryTaskID: rotated.taskID,
        overlap: '5s',
      },
      expected: /"verdict":"success".*"oldDeleted":true/,
      asks: true,
    },
    applyManifest: {
      id: applyManifestId(applicationId),
      input: {
        manifest: {
          sources: [{ name: 'declared', type: 'json', input: { url } }],
          destinations: [{ name: 'declared', type: 'search', input: { indexName: 'declared' } }],
          tasks: [{ source: 'declared', destination: 'declared', action: 'replace' }],
        },
      },
      expected: /"outcome":"applied".*"counts":\{"create":3,/,
      asks: true,
    },
    callOperation: {
      input: { operation: 'deleteTask', params: { taskID: gone.taskID }, confirm: 'deleteTask' },
      expected: /"deletedAt"/,
      asks: true,
    },
    reenableTask: {
      input: { taskID: blocked.taskID },
      expected: /"outcome":"enabled".*"verdict":"success"/,
      asks: true,
    },
    watchConnectors: {
      input: { expect: [{ taskID: watched.taskID, maxAge: '1h' }], alert: ['ops'] },
      expected: /"healthy":/,
    },
    rotateApiKey: {
      id: rotateApiKeyId(applicationId),
      input: { toSecret: 'file:next-key', emergency: true, overlap: '0s', soak: '1s' },
      expected: /"outcome":"left"/,
      asks: true,
    },
  };
}

/** What there is twice, of all that is to be made, or run, once. A push may take several runs. */
export function doneTwice({ world }: Simulator): string[] {
  const all = [
    ...(['authentications', 'sources', 'transformations', 'destinations'] as const).flatMap((kind) =>
      world[kind].values().map(({ name }) => `${kind} ${name}`),
    ),
    ...world.tasks.values().map(({ sourceID, destinationID }) => `task from ${sourceID} to ${destinationID}`),
    ...world.runs
      .values()
      .filter(({ type }) => type === 'reindex' || type === 'update')
      .map(({ taskID }) => `run of task ${taskID}`),
  ];
  return all.filter((what, place) => all.indexOf(what) < place);
}
