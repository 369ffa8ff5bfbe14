import { Script, createContext, type Context } from 'node:vm';
import { isObject } from '../is-object.ts';
import type { CodeFields } from '../wire/transformation-body.ts';

/** For all the records of one batch together. */
const TIMEOUT_MS = 1_000;

export type Transformed = { readonly records: Record<string, unknown>[] } | { readonly error: string };

export interface TransformerOutcome {
  /** Why the code can't be run at all. */
  readonly error?: string;
  /** One for each record given, in their order. */
  readonly results: readonly Transformed[];
}

export interface Transformer {
  apply(records: readonly Record<string, unknown>[], secrets?: Readonly<Record<string, string>>): TransformerOutcome;
}

/** Runs inside the sandbox. Only text goes in and out, so the code gets hold of no object of ours. */
const DRIVER = new Script(`(async () => {
  const helper = Object.freeze({ secrets: Object.freeze(JSON.parse(__secrets)) });
  const results = [];
  for (const record of JSON.parse(__input)) {
    try {
      const result = await transform(record, helper);
      results.push({ records: result === undefined || result === null ? [] : Array.isArray(result) ? result : [result] });
    } catch (error) {
      results.push({ error: String((error && error.message) || error) });
    }
  }
  __output = JSON.stringify(results);
})()`);

/** Code of the form `async function transform(record, helper) { return record; }`; nothing or [] drops the record. */
export function createTransformer({ type, code }: Pick<CodeFields, 'type' | 'code'>): Transformer {
  if (type === 'noCode') return failing('transformations without code are not run by the simulator');
  // Promises are settled within the evaluation and its timeout.
  const context = createContext({ __input: '', __output: '', __secrets: '{}' }, { microtaskMode: 'afterEvaluate' });
  try {
    new Script(code, { filename: 'transformation.js' }).runInContext(context, { timeout: TIMEOUT_MS });
    if (new Script('typeof transform').runInContext(context) !== 'function')
      return failing('the code declares no function transform');
  } catch (error) {
    return failing(messageOf(error));
  }
  return {
    apply: (records, secrets = {}) => {
      try {
        return { results: run(context, records, secrets) };
      } catch (error) {
        return { error: messageOf(error), results: [] };
      }
    },
  };
}

function run(context: Context, records: readonly unknown[], secrets: Readonly<Record<string, string>>): Transformed[] {
  context.__input = JSON.stringify(records);
  context.__secrets = JSON.stringify(secrets);
  context.__output = '';
  DRIVER.runInContext(context, { timeout: TIMEOUT_MS });
  if (context.__output === '') throw new Error('the transformation never finished');
  return (JSON.parse(String(context.__output)) as Transformed[]).map((result) =>
    'records' in result && !result.records.every(isObject)
      ? { error: 'the transformation returned something that is no record' }
      : result,
  );
}

const failing = (error: string): Transformer => ({ apply: () => ({ error, results: [] }) });

/** Errors of the sandbox are of its own realm. */
function messageOf(error: unknown): string {
  const { message } = error as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
}
