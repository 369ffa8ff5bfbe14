import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricsIn, panelQueries, ruleQueries, variableQueries } from './named-metrics.ts';
import type { Metric, Sample } from './read-scrape.ts';
import { doSomeOfEverything, startWorkingWorker, type WorkingWorker } from './working-worker.ts';

let worker: WorkingWorker;
let scrape: Map<string, Metric>;

beforeAll(async () => {
  worker = await startWorkingWorker();
  await doSomeOfEverything(worker);
  scrape = await worker.scrape();
});
afterAll(() => worker.stop());

const OWN = 'algolia_ingestion_';
const samplesOf = (name: string): readonly Sample[] =>
  [...scrape.values()].flatMap(({ samples }) => samples.get(OWN + name) ?? []);
/** The labels of a metric and its values, without what the SDK adds of its own accord. */
const countsOf = (name: string) =>
  samplesOf(name).map(
    ({ labels: { namespace: _n, taskQueue: _t, workflowType: _w, activityType: _a, ...own }, value }) => ({
      ...own,
      value,
    }),
  );

describe('a worker that has done some of everything tells', () => {
  test('its requests by operation, effect and status', () => {
    expect(countsOf('requests_total')).toEqual(
      expect.arrayContaining([
        { operation: 'runTask', effect: 'once', status: '200', value: 1 },
        { operation: 'getTask', effect: 'read', status: '404', value: 1 },
        { operation: 'listTasks', effect: 'read', status: 'none', value: 1 },
        { operation: 'listTasks', effect: 'read', status: '200', value: 1 },
        { operation: 'deleteSource', effect: 'idempotent', status: '200', value: 1 },
      ]),
    );
  });

  test('how long each took, in seconds', () => {
    const listTasks = { operation: 'listTasks', effect: 'read' };
    expect(countsOf('request_duration_seconds_count')).toContainEqual({ ...listTasks, value: 2 });
    const [sum] = samplesOf('request_duration_seconds_sum').filter(({ labels }) => labels.operation === 'runTask');
    expect(sum?.value).toBeGreaterThan(0);
    expect(sum?.value).toBeLessThan(30);
    const buckets = samplesOf('request_duration_seconds_bucket').filter(({ labels }) => labels.operation === 'runTask');
    expect(buckets.map(({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')))).toEqual([
      0.01,
      0.025,
      0.05,
      0.1,
      0.25,
      0.5,
      1,
      2.5,
      5,
      10,
      25,
      60,
      180,
      Infinity,
    ]);
  });

  test('attempts after the first, by activity', () => {
    expect(countsOf('retries_total')).toEqual([{ activity: 'listTasks', value: 1 }]);
  });

  test('the verdicts of runs, and of syncs that ran nothing', () => {
    expect(countsOf('run_verdicts_total')).toEqual([{ verdict: 'success', value: 1 }]);
    expect(countsOf('sync_verdicts_total')).toEqual([
      { verdict: 'blocked', value: 1 },
      { verdict: 'success', value: 1 },
    ]);
  });

  test('how many records were pushed, by operation or file', () => {
    expect(countsOf('records_pushed_total')).toEqual([
      { outcome: 'accepted', value: 3 },
      { outcome: 'accepted', value: 30 },
    ]);
  });

  test('which approvals wait, and how they ended', () => {
    expect(countsOf('approvals_waiting')).toHaveLength(1);
    expect(countsOf('approvals_total')).toEqual([{ decision: 'approved', value: 1 }]);
  });

  test('the epoch of the API key, its age, and when that was last read', () => {
    expect(countsOf('key_epoch')).toEqual([{ value: 1 }]);
    expect(samplesOf('key_age_seconds')[0]?.value).toBeGreaterThan(3_600);
    expect(samplesOf('key_age_seconds')[0]?.value).toBeLessThan(7_200);
    expect(samplesOf('key_ring_age_seconds')[0]?.value).toBeLessThan(300);
  });
});

test('every own metric is described, and named as Prometheus wants it: counters in _total, units in the name', () => {
  const own = [...scrape].filter(([name]) => name.startsWith(OWN));
  expect(own.length).toBeGreaterThanOrEqual(11);
  expect(own.filter(([, { help }]) => help === '')).toEqual([]);
  expect(own.filter(([name, { type }]) => name.endsWith('_total') !== (type === 'counter'))).toEqual([]);
  expect(own.filter(([name]) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
});

test('no label has a value that there may be any number of', () => {
  const values = new Map<string, Set<string>>();
  for (const [name, { samples }] of scrape)
    if (name.startsWith(OWN))
      for (const { labels } of [...samples.values()].flat())
        for (const [label, value] of Object.entries(labels))
          values.set(label, (values.get(label) ?? new Set()).add(value));
  const own = ['operation', 'effect', 'status', 'activity', 'verdict', 'outcome', 'decision', 'le'];
  expect([...values.keys()].toSorted()).toEqual(
    [...own, 'namespace', 'taskQueue', 'workflowType', 'activityType'].toSorted(),
  );
  const ids = [...values].filter(([label]) => label !== 'taskQueue').flatMap(([, all]) => [...all].filter(isId));
  expect(ids).toEqual([]);
});

const isId = (value: string) => /[0-9a-f]{8}-[0-9a-f]{4}/.test(value) || value.length > 40;

/** Prometheus' own. */
const BUILT_IN = new Set(['up']);

test('what the dashboard and the alerts ask for is there', () => {
  const there = new Set([...scrape.values()].flatMap(({ samples }) => [...samples.keys()]));
  const asked = [...panelQueries, ...ruleQueries, ...variableQueries];
  const missing = asked.flatMap(({ where, expr }) =>
    metricsIn(expr).flatMap((name) => (there.has(name) || BUILT_IN.has(name) ? [] : [`${where}: ${name}`])),
  );
  expect(missing).toEqual([]);
  const askedFor = new Set(asked.flatMap(({ expr }) => metricsIn(expr)));
  const unseen = [...there].filter(
    (name) => name.startsWith(OWN) && !/_(sum|count)$/.test(name) && !askedFor.has(name),
  );
  expect(unseen).toEqual([]);
});

/** The names, kinds and labels of the page's table of metrics. */
const documented = async () =>
  [...(await readFile('docs/observability.md', 'utf8')).matchAll(/^\| `(algolia_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name = '', type, labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).toSorted(),
    }),
  );

test('docs/observability.md lists every own metric with its kind and its labels', async () => {
  const sdk = new Set(['namespace', 'taskQueue', 'workflowType', 'activityType', 'le']);
  const served = [...scrape]
    .filter(([name]) => name.startsWith(OWN))
    .map(([name, { type, samples }]) => ({
      name,
      type,
      labels: [...new Set([...samples.values()].flat().flatMap(({ labels }) => Object.keys(labels)))]
        .filter((label) => !sdk.has(label))
        .toSorted(),
    }));
  const byName = (list: readonly { name: string }[]) => list.toSorted((a, b) => a.name.localeCompare(b.name));
  expect(byName(await documented())).toEqual(byName(served));
});

test('a versioned worker counts under the same names and labels', async () => {
  const versioned = await startWorkingWorker({ buildId: '1' });
  try {
    await doSomeOfEverything(versioned);
    expect(shapeOf(await versioned.scrape())).toEqual(shapeOf(scrape));
  } finally {
    await versioned.stop();
  }
});

/** The names of own metrics and of their labels. */
const shapeOf = (metrics: Map<string, Metric>) =>
  Object.fromEntries(
    [...metrics]
      .filter(([name]) => name.startsWith(OWN))
      .flatMap(([, { samples }]) => [...samples])
      .map(([name, samples]) => [name, [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))].toSorted()]),
  );
