export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly type: string;
  readonly help: string;
  /** By the name that they are queried by: a histogram's end in `_bucket`, `_sum` and `_count`. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

/** Prometheus' text format, by the names of metrics: as much of it as Temporal's core writes. */
export function readScrape(text: string): Map<string, Metric> {
  const metrics = new Map<string, { type: string; help: string; samples: Map<string, Sample[]> }>();
  let current = { type: '', help: '', samples: new Map<string, Sample[]>() };
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword) {
      current = metrics.get(name) ?? { type: '', help: '', samples: new Map() };
      current[keyword === 'TYPE' ? 'type' : 'help'] = rest;
      metrics.set(name, current);
      continue;
    }
    const [, sampled = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (sampled === '') throw new Error(`not a sample: ${line}`);
    const sample = { labels: readLabels(labels), value: Number(value.replace('Inf', 'Infinity')) };
    current.samples.set(sampled, [...(current.samples.get(sampled) ?? []), sample]);
  }
  return metrics;
}

const readLabels = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value] as const),
  );
