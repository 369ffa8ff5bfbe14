import { notFound } from '../http/api-error.ts';
import { findOne } from '../resources/find-one.ts';
import { showRun } from '../resources/runs.ts';
import { finishRun } from '../runs/finish-run.ts';
import { parseBody } from '../wire/parse-body.ts';
import { attachBody, finishBody, recordFailureBody, scriptBody } from './control-bodies.ts';
import { controlRoutes } from './control-route.ts';

export const runRoutes = controlRoutes({
  'POST /runs/script': ({ world, body }) => {
    const script = parseBody(scriptBody, body);
    world.scripts.push(script);
    return { scripts: world.scripts.filter(({ times }) => times > 0).length };
  },
  'DELETE /runs/script': ({ world }) => {
    world.scripts.length = 0;
    return { scripts: 0 };
  },
  'POST /runs/{runID}/finish': ({ world, params, body }) => {
    const run = findOne(world.runs, 'Run', params.runID ?? '');
    const {
      outcome = 'success',
      reasonCode = outcome === 'success' ? 'ok' : 'internal',
      reason = '',
    } = parseBody(finishBody, body);
    finishRun(world, run, { outcome, reasonCode, reason });
    return showRun(world, run);
  },
  'POST /records/fail': ({ world, body }) => {
    const { objectIDs, ...failure } = parseBody(recordFailureBody, body);
    world.recordFailures.push({ ...failure, objectIDs: objectIDs && new Set(objectIDs), seen: 0 });
    return { failures: world.recordFailures.length };
  },
  'DELETE /records/fail': ({ world }) => {
    world.recordFailures.length = 0;
    return { failures: 0 };
  },
  /** A sourceID, or a type of source. */
  'POST /sources/{sourceID}/records': ({ world, params, body }) => {
    const attached = parseBody(attachBody, body);
    world.attached.set(params.sourceID ?? '', attached);
    return 'records' in attached ? { count: attached.records.length } : attached;
  },
  'GET /indices/{name}': ({ world, params, query }) => {
    const index = world.indices.get(params.name ?? '');
    if (!index) throw notFound('Index', params.name ?? '');
    const limit = Number(query.get('limit') ?? Infinity);
    const { name, settings, records, rules, synonyms } = index;
    const shown = limit < records.size ? [...records.values()].slice(0, limit) : [...records.values()];
    return {
      name,
      count: records.size,
      records: shown,
      settings,
      rules: [...rules.values()],
      synonyms: [...synonyms.values()],
    };
  },
});
