import { parser } from '@prometheus-io/lezer-promql';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

export const dashboard = JSON.parse(await readFile('config/grafana/dashboard.json', 'utf8')) as Dashboard;
export const rules = (
  parse(await readFile('config/prometheus/alerts.yml', 'utf8')) as {
    readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
  }
).groups.flatMap((group) => group.rules);

/** What Grafana puts in place of its variables, as far as the grammar minds. */
const filled = (expr: string) => expr.replaceAll(/\$__(rate_interval|range)/g, '5m').replaceAll(/\$\w+/g, 'any');

export const panelQueries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ where: title, expr: filled(expr) })),
);
export const ruleQueries = rules.map(({ alert, expr }) => ({ where: alert, expr }));
/** What the variables' values are taken from: `label_values(<selector>, <label>)`. */
export const variableQueries = dashboard.templating.list
  .filter(({ type }) => type === 'query')
  .map(({ name, query }) => {
    const text = typeof query === 'string' ? query : query.query;
    return { where: name, expr: filled(/^label_values\((.*), \w+\)$/.exec(text)?.[1] ?? text) };
  });

/** The metrics that a PromQL expression names. Throws where it is none. */
export function metricsIn(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter({ type, node, from, to }) {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${expr}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') names.push(expr.slice(from, to));
    },
  });
  return names;
}
