import { z } from 'zod';
import {
  answer,
  Deleted,
  idempotent,
  listOf,
  once,
  order,
  page,
  read,
  resourceName,
  secret,
  stringOrSecret,
  text,
} from './operation.ts';

const authenticationType = z.enum([
  'googleServiceAccount',
  'basic',
  'apiKey',
  'oauth',
  'algolia',
  'algoliaInsights',
  'secrets',
]);
const platform = z.enum(['bigcommerce', 'commercetools', 'shopify']);

const algoliaInput = z.strictObject({ appID: stringOrSecret(), apiKey: secret() });
const inputByType = {
  googleServiceAccount: z.strictObject({ clientEmail: stringOrSecret(), privateKey: secret() }),
  basic: z.strictObject({ username: stringOrSecret(), password: secret() }),
  apiKey: z.strictObject({ key: secret() }),
  oauth: z.strictObject({
    url: stringOrSecret(),
    client_id: stringOrSecret().optional(),
    client_secret: secret().optional(),
    code: secret().optional(),
    scope: stringOrSecret().optional(),
  }),
  algolia: algoliaInput,
  algoliaInsights: algoliaInput,
  secrets: z.record(z.string(), secret()),
};

const variant = <T extends keyof typeof inputByType>(type: T) =>
  z.strictObject({
    type: z.literal(type),
    name: resourceName,
    platform: platform.nullable().optional(),
    input: inputByType[type],
  });

export const AuthenticationCreate = z.discriminatedUnion('type', [
  variant('googleServiceAccount'),
  variant('basic'),
  variant('apiKey'),
  variant('oauth'),
  variant('algolia'),
  variant('algoliaInsights'),
  variant('secrets'),
]);

/** Members of an authentication's input that are no credentials; in an update nothing else tells, since it has no `type`. */
export const PUBLIC_MEMBERS: ReadonlySet<string> = new Set([
  'clientEmail',
  'username',
  'url',
  'client_id',
  'scope',
  'appID',
]);

const inputUpdate = z
  .record(
    z.string(),
    z.union([z.string(), z.strictObject({ $secret: z.string() })], { error: 'expected {"$secret": …}' }),
  )
  .transform((input, ctx) =>
    Object.fromEntries(
      Object.entries(input).map(([name, value]) => {
        const parsed = (PUBLIC_MEMBERS.has(name) ? stringOrSecret() : secret()).safeParse(value);
        if (parsed.success) return [name, parsed.data];
        for (const issue of parsed.error.issues)
          ctx.addIssue({ code: 'custom', message: issue.message, path: [name, ...issue.path] });
        return [name, value];
      }),
    ),
  );

export const AuthenticationUpdate = z.strictObject({ name: resourceName.optional(), input: inputUpdate.optional() });

/** What the API blanks, we blank too, should it ever forget: every member but the public ones. */
const blankedInput = z
  .record(z.string(), z.unknown())
  .transform((input) =>
    Object.fromEntries(Object.entries(input).map(([name, value]) => [name, PUBLIC_MEMBERS.has(name) ? value : null])),
  );

const Authentication = answer({
  authenticationID: z.string(),
  type: z.string(),
  name: z.string(),
  platform: text,
  owner: text,
  input: blankedInput.nullish(),
  createdAt: text,
  updatedAt: text,
});

export const authentications = {
  listAuthentications: read('GET /1/authentications', 'List authentication resources', {
    query: {
      ...page,
      type: z.array(authenticationType).optional(),
      platform: z.array(z.enum([...platform.options, 'none'])).optional(),
      sort: z.enum(['name', 'type', 'platform', 'updatedAt', 'createdAt']).optional(),
      order,
    },
    response: listOf('authentications', Authentication.partial()),
  }),
  createAuthentication: once('POST /1/authentications', 'Create an authentication resource', {
    body: AuthenticationCreate,
    takesSecrets: true,
    response: answer({ authenticationID: z.string(), name: text, createdAt: text }),
  }),
  searchAuthentications: read('POST /1/authentications/search', 'Search for authentication resources', {
    body: z.strictObject({ authenticationIDs: z.array(z.string()) }),
    response: z.array(Authentication),
  }),
  getAuthentication: read('GET /1/authentications/{authenticationID}', 'Retrieve an authentication resource', {
    response: Authentication,
  }),
  updateAuthentication: idempotent('PATCH /1/authentications/{authenticationID}', 'Update an authentication resource', {
    body: { authenticationUpdate: AuthenticationUpdate },
    takesSecrets: true,
    response: answer({ authenticationID: z.string(), name: text, updatedAt: text }),
  }),
  deleteAuthentication: idempotent(
    'DELETE /1/authentications/{authenticationID}',
    'Delete an authentication resource',
    {
      response: Deleted,
    },
  ),
};
