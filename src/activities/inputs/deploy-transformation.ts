import { z } from 'zod';
import { AuthenticationCreate } from '../../operations/authentications.ts';
import { freeObject } from '../../operations/operation.ts';
import { run } from './change.ts';
import { approvalBy, asWritten, id, intent, staysBelow } from './vocabulary.ts';

/** History keeps the code some ten times, and Temporal takes no more than 2 MB at once. */
export const MAX_CODE_BYTES = 200_000;
const MAX_SAMPLES_BYTES = 500_000;
const MAX_SAMPLES = 20;
const MAX_EXPECTATIONS = 100;

const steps = z.array(freeObject).min(1);
const code = z.string().min(1);

/** `price.amount`, `variants[0].sku`; as an array where a name has dots: `["price.amount", 0]`. */
const path = z.union([
  z
    .string()
    .regex(
      /^[^.[\]]+(\.[^.[\]]+|\[\d+\])*$/,
      'expected a path such as "price.amount" or "variants[0].sku", or an array',
    ),
  z.array(z.union([z.string().min(1), z.int().min(0)])).min(1),
]);

const expectation = z
  .strictObject({
    path,
    /** Which record of `tryOn` it is about, from 0; absent: every one. */
    sample: z.int().min(0).optional(),
    exists: z.boolean().optional(),
    equals: z.json().optional(),
    matches: z.string().min(1).max(1_000).refine(isPattern, 'is no regular expression').optional(),
  })
  .refine(
    ({ exists, equals, matches }) => [exists, equals, matches].filter((said) => said !== undefined).length === 1,
    'say one of exists, equals and matches',
  );

export type Expectation = z.output<typeof expectation>;

export const deployTransformationInput = z
  .strictObject({
    transformationID: id,
    code: code.optional(),
    /** `file:movies.js`: a file below `RECORDS_DIR` that holds the code. */
    codeRef: z
      .string()
      .regex(/^file:./, 'expected file:<path below RECORDS_DIR>')
      .check(staysBelow)
      .optional(),
    /** Of a transformation without code. */
    steps: steps.optional(),
    /** Its new name and description; absent, they stay. */
    name: z.string().min(1).optional(),
    description: z.string().optional(),
    /** Records to try it on before anything is changed. */
    tryOn: z.array(freeObject).min(1).max(MAX_SAMPLES),
    /** What must hold of whatever comes out. */
    expect: z.array(expectation).max(MAX_EXPECTATIONS).default([]),
    /** What the code finds in `helper.secrets` when it is tried. */
    authentications: asWritten(z.array(AuthenticationCreate)).optional(),
    /** A task to sync after the change, as a test. */
    canaryTaskID: id.optional(),
    run: z.strictObject(run).prefault({}),
    approval: approvalBy.optional(),
    ...intent,
  })
  .check((ctx) => {
    const { value } = ctx;
    const complain = (place: PropertyKey[], message: string) =>
      ctx.issues.push({ code: 'custom', message, path: place, input: undefined });
    const given = (['code', 'codeRef', 'steps'] as const).filter((name) => value[name] !== undefined);
    if (given.length !== 1) complain([given[1] ?? 'code'], 'give one of code, codeRef and steps');
    for (const name of ['code', 'steps'] as const)
      if (bytesOf(value[name]) > MAX_CODE_BYTES) complain([name], tooLarge(MAX_CODE_BYTES));
    if (bytesOf(value.tryOn) > MAX_SAMPLES_BYTES) complain(['tryOn'], tooLarge(MAX_SAMPLES_BYTES));
    for (const [place, { sample = 0 }] of value.expect.entries())
      if (sample >= value.tryOn.length)
        complain(['expect', place, 'sample'], `tryOn has ${value.tryOn.length} records, counted from 0`);
  });

const tooLarge = (bytes: number) => `more than ${bytes / 1_000} kB: Temporal would not keep it`;

function bytesOf(value: unknown): number {
  return value === undefined ? 0 : Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
}

function isPattern(source: string): boolean {
  try {
    return Boolean(new RegExp(source, 'u'));
  } catch {
    return false;
  }
}
