import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboard, metricsIn, panelQueries, ruleQueries, rules, variableQueries } from './named-metrics.ts';

const { panels, templating } = dashboard;
const page = await readFile('docs/observability.md', 'utf8');

test('the metrics of PromQL are found, and what is no PromQL is told', () => {
  expect(metricsIn('sum by (a) (rate(b_total{c="d"}[5m])) / ignoring(e) f offset 5m')).toEqual(['b_total', 'f']);
  expect(() => metricsIn('sum by (a (b)')).toThrow('no PromQL');
});

test.each([...panelQueries, ...ruleQueries, ...variableQueries])('$where asks in PromQL', ({ expr }) => {
  expect(metricsIn(expr).length).toBeGreaterThan(0);
});

test('every panel has an id of its own, a title, and a place that no other takes', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(panels.filter(({ title }) => title === '')).toEqual([]);
  const taken = new Set<string>();
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x},${y}`) ? title : '').toBe('');
        taken.add(`${x},${y}`);
      }
  }
});

test('every query goes to the data source that is chosen above', () => {
  expect(templating.list.find(({ name }) => name === 'datasource')).toMatchObject({
    type: 'datasource',
    query: 'prometheus',
  });
  const sources = panels.flatMap(({ datasource, targets = [] }) => [
    ...(datasource ? [datasource.uid] : []),
    ...targets.map((target) => target.datasource.uid),
  ]);
  expect(new Set(sources)).toEqual(new Set(['${datasource}']));
});

test('it has a row for each thing to look after', () => {
  expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
    'At a glance',
    'Requests to Algolia',
    'Runs and pushes',
    'Approvals and keys',
    'The worker and Temporal',
  ]);
});

test('every alert has a name of its own, says how grave it is, and leads to what to do', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, labels, annotations } of rules) {
    expect(['info', 'warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).not.toBe('');
    expect(annotations.runbook).toBe(`docs/observability.md#${alert.toLowerCase()}`);
    expect(page).toContain(`\n### ${alert}\n`);
  }
});

test('what tells that something is absent says so without the labels of what is not there', () => {
  const ofAbsent = rules.filter(({ expr }) => expr.includes('absent('));
  expect(ofAbsent.map(({ alert }) => alert)).toEqual(['WorkerDown']);
  for (const { annotations } of ofAbsent)
    expect(annotations.summary).toMatch(/^\{\{ with \$labels\.instance \}\}.+\{\{ else \}\}[\w ]+\{\{ end \}\}$/);
});

test('Prometheus loads the rules and asks the worker where compose has it', async () => {
  const { rule_files: files, scrape_configs: jobs } = parse(
    await readFile('config/prometheus/prometheus.yml', 'utf8'),
  ) as {
    readonly rule_files: readonly string[];
    readonly scrape_configs: readonly { job_name: string; static_configs: readonly { targets: readonly string[] }[] }[];
  };
  expect(files).toEqual(['alerts.yml']);
  const [own] = jobs.filter(({ job_name: name }) => name === 'algolia-ingestion');
  const dockerfile = await readFile('Dockerfile', 'utf8');
  const [, port = ''] = /METRICS_ADDRESS=0\.0\.0\.0:(\d+)/.exec(dockerfile) ?? [];
  expect(own?.static_configs).toEqual([{ targets: [`worker:${port}`] }]);
  const { services } = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { volumes?: readonly string[] }>;
  };
  expect(services).toHaveProperty('worker');
  expect(services.prometheus?.volumes).toContain('./config/prometheus:/etc/prometheus:ro');
  expect(services.grafana?.volumes?.join()).toContain('./config/grafana/dashboard.json');
});
