import { AlgoliaError } from '../algolia/algolia-error.ts';
import type { AlgoliaClient } from '../algolia/client.ts';
import type { InputOf } from '../operations/index.ts';
import type { ApiKeys } from '../secrets/api-keys.ts';
import { attempt } from './attempt.ts';
import { unmetBy, type Unmet } from './expectation.ts';
import type { Expectation } from './inputs/deploy-transformation.ts';
import { callWith } from './with-fresh-key.ts';

const MAX_OUTPUT_SHOWN = 500;

type Try = InputOf<'tryTransformationBeforeUpdate'>['transformationTry'];

export interface TrySamplesInput extends Pick<Try, 'type' | 'input' | 'authentications'> {
  readonly transformationID: string;
  readonly samples: readonly Try['sampleRecord'][];
  readonly expect: readonly Expectation[];
}

/** What came of one sample; both lists empty where it is as it should be. */
export interface SampleTried {
  readonly sample: number;
  /** How many records came out. */
  readonly outputs: number;
  /** The first of them, as JSON; a long one is cut short. */
  readonly output?: string;
  /** Why nothing could come out. */
  readonly error?: string;
  readonly unmet: readonly Unmet[];
}

/** Tries a change of a transformation on records, one after another, and holds what comes out against what is expected. */
export function createTrySamples(client: AlgoliaClient, keys: ApiKeys) {
  return async function trySamples(input: TrySamplesInput): Promise<SampleTried[]> {
    return attempt(async (signal) => {
      const call = callWith(client, keys, signal);
      const { transformationID, samples, expect, ...code } = input;
      const tryOn = (sampleRecord: Try['sampleRecord']) =>
        call('tryTransformationBeforeUpdate', { transformationID, transformationTry: { ...code, sampleRecord } }).catch(
          refusalOf,
        );
      const tried: SampleTried[] = [];
      for (const [sample, record] of samples.entries()) {
        const { payloads, error } = await tryOn(record);
        const about = expect.filter((expectation) => (expectation.sample ?? sample) === sample);
        tried.push({ sample, ...judge(payloads ?? [], error, about) });
      }
      return tried;
    });
  };
}

interface Answer {
  readonly payloads?: readonly string[] | null | undefined;
  readonly error?: { readonly message?: string | null | undefined } | null | undefined;
}

/** Code that can't be run may be told by a 200 or by a 400. */
function refusalOf(error: unknown): Answer {
  if (error instanceof AlgoliaError && [400, 422].includes(error.details.status ?? 0))
    return { error: { message: error.details.algoliaMessage ?? error.message } };
  throw error;
}

function judge(
  payloads: readonly string[],
  error: Answer['error'],
  expect: readonly Expectation[],
): Omit<SampleTried, 'sample'> {
  if (error) return { outputs: 0, error: cut(error.message ?? JSON.stringify(error)), unmet: [] };
  const [first] = payloads;
  const output = first === undefined ? {} : { output: cut(first) };
  try {
    const outputs = payloads.map((payload) => JSON.parse(payload) as unknown);
    const unmet = expect.flatMap((expectation) => unmetBy(outputs, expectation) ?? []);
    return { outputs: outputs.length, ...output, unmet };
  } catch {
    return { outputs: payloads.length, ...output, error: 'what came out is not JSON', unmet: [] };
  }
}

const cut = (text: string) => (text.length > MAX_OUTPUT_SHOWN ? `${text.slice(0, MAX_OUTPUT_SHOWN)}…` : text);
