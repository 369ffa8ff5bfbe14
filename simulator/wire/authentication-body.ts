import { z } from 'zod';
import { badRequest } from '../http/api-error.ts';
import { parseBody } from './parse-body.ts';

const algolia = z.strictObject({ appID: z.string(), apiKey: z.string() });
const inputs = {
  googleServiceAccount: z.strictObject({ clientEmail: z.string(), privateKey: z.string() }),
  basic: z.strictObject({ username: z.string(), password: z.string() }),
  apiKey: z.strictObject({ key: z.string() }),
  oauth: z.strictObject({
    url: z.string(),
    client_id: z.string().optional(),
    client_secret: z.string().optional(),
    code: z.string().optional(),
    scope: z.string().optional(),
  }),
  algolia,
  algoliaInsights: algolia,
};

/** Members of an input that are no credentials. */
export const PUBLIC_MEMBERS = new Set(['clientEmail', 'username', 'url', 'client_id', 'scope', 'appID']);

type TypeWithMembers = keyof typeof inputs;
export const authenticationTypes = [...(Object.keys(inputs) as TypeWithMembers[]), 'secrets'] as const;
export const platforms = ['bigcommerce', 'commercetools', 'shopify'] as const;

const create = z.strictObject({
  type: z.enum(authenticationTypes),
  name: z.string().min(1),
  platform: z.enum(platforms).nullable().optional(),
  input: z.record(z.string(), z.unknown()),
});
const update = z.strictObject({
  name: z.string().min(1).optional(),
  input: z.record(z.string(), z.unknown()).optional(),
});

/** The input must be the one of its type. */
export function parseAuthenticationCreate(body: unknown, at = '') {
  const { platform = null, ...rest } = parseBody(create, body, at);
  return { ...rest, platform, input: parseInput(rest.type, rest.input, [at, 'input'].filter(Boolean).join('.')) };
}

/** An update changes the members it names. */
export function parseAuthenticationUpdate(type: string, body: unknown) {
  const { name, input } = parseBody(update, body);
  return { name, input: input && parseInput(type, input, 'input', true) };
}

function parseInput(type: string, input: unknown, at: string, partial = false): Record<string, string> {
  if (type === 'secrets') return parseBody(z.record(z.string(), z.string()), input, at);
  const schema: z.ZodObject | undefined = inputs[type as TypeWithMembers];
  if (!schema) throw badRequest(`type: unknown authentication type ${type}`);
  return parseBody(partial ? schema.partial() : schema, input, at) as Record<string, string>;
}
