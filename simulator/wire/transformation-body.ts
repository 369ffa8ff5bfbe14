import { z } from 'zod';
import { badRequest } from '../http/api-error.ts';
import { parseAuthenticationCreate } from './authentication-body.ts';
import { parseBody } from './parse-body.ts';

export const transformationTypes = ['code', 'noCode'] as const;

const codeFields = {
  code: z.string().optional(),
  type: z.enum(transformationTypes).optional(),
  input: z.record(z.string(), z.unknown()).optional(),
};
const create = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  authenticationIDs: z.array(z.string()).optional(),
  ...codeFields,
});
const attempt = z.strictObject({
  sampleRecord: z.record(z.string(), z.unknown()),
  authentications: z.array(z.unknown()).optional(),
  ...codeFields,
});
const inputs = {
  code: z.strictObject({ code: z.string() }),
  noCode: z.strictObject({ steps: z.array(z.record(z.string(), z.unknown())) }),
};

export interface CodeFields {
  readonly type: 'code' | 'noCode';
  readonly code: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export function parseTransformationCreate(body: unknown) {
  const { code, type, input, ...rest } = parseBody(create, body);
  return { ...rest, ...resolveCode({ code, type, input }) };
}

export function parseTransformationTry(body: unknown) {
  const { code, type, input, sampleRecord, authentications = [] } = parseBody(attempt, body);
  return {
    sampleRecord,
    authentications: authentications.map((item, place) => parseAuthenticationCreate(item, `authentications.${place}`)),
    ...resolveCode({ code, type, input }),
  };
}

/** `input` says what the transformation is; the deprecated `code` alone does too. */
function resolveCode({ code, type, input }: z.output<z.ZodObject<typeof codeFields>>): CodeFields {
  if (input === undefined) {
    if (code === undefined || type === 'noCode') throw badRequest('input: is required');
    return { type: 'code', code, input: { code } };
  }
  const actual = type ?? ('steps' in input ? 'noCode' : 'code');
  const parsed = parseBody<z.ZodType<Record<string, unknown>>>(inputs[actual], input, 'input');
  if (code !== undefined && code !== parsed.code) throw badRequest('code: is deprecated and differs from input.code');
  return { type: actual, code: typeof parsed.code === 'string' ? parsed.code : '', input: parsed };
}
