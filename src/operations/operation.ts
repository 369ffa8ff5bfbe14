import { z } from 'zod';

/**
 * The vocabulary of the operation table.
 *
 * - operation: one thing Algolia offers, under Algolia's own operationId
 * - effect: what a second, accidental call would do — `read`: nothing; `idempotent`: the same again; `once`: a second thing
 * - input: the one argument, shaped as the official JavaScript client's method takes it
 * - response: what we rely on in the answer; everything else is kept and passed on
 * - secret: a place where the API takes a credential and the input takes a reference to one
 */
export type Effect = 'read' | 'idempotent' | 'once';
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Route = `${Method} /${string}`;
export type Host = 'ingestion' | 'search';

/** How long the API may take to answer (Algolia's client: 25 s). */
const TIMEOUT_MS = 25_000;
/** push, pushTask, validate and discover wait for ingestion (Algolia's client: 180 s). */
export const SLOW_MS = 180_000;

export interface Operation<
  E extends Effect = Effect,
  I extends z.ZodType = z.ZodType,
  O extends z.ZodType = z.ZodType,
> {
  readonly effect: E;
  readonly host: Host;
  readonly method: Method;
  /** The path template; `{name}` takes the input's member of that name. */
  readonly path: string;
  readonly summary: string;
  /** Checks the whole argument. Parsing turns every `{"$secret": …}` that stands where a secret may into a {@link SecretRef}. */
  readonly input: I;
  readonly response: O;
  /** Members of the input that go into the query string, sorted. (Of `parameters` its own members do.) */
  readonly query: readonly string[];
  /** `none`, the whole `argument`, or the input's member of this name. */
  readonly body: BodyPlace;
  /** Whether references to credentials may stand in the input. */
  readonly takesSecrets: boolean;
  /** Whether the answer holds credentials that whoever asked needs: it is not scrubbed, and may not leave the activity. */
  readonly answersSecrets: boolean;
  readonly timeoutMs: number;
}

export type BodyPlace =
  | { readonly from: 'none' }
  | { readonly from: 'argument' }
  | { readonly from: 'member'; readonly name: string };

interface Spec {
  readonly query?: z.ZodRawShape;
  /** A schema: the argument itself is the body. A shape of one member: that member is. */
  readonly body?: z.ZodType | z.ZodRawShape;
  readonly response: z.ZodType;
  readonly takesSecrets?: true;
  readonly answersSecrets?: true;
  readonly timeoutMs?: number;
  readonly host?: Host;
}

type ParamNames<R extends string> = R extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamNames<Rest> : never;
type Members<S> = S extends z.ZodRawShape ? S : object;
type InputSchema<R extends Route, S extends Spec> = S['body'] extends z.ZodType
  ? S['body']
  : z.ZodObject<{ [N in ParamNames<R>]: typeof resourceID } & Members<S['query']> & Members<S['body']>, z.core.$strict>;

function define<E extends Effect>(effect: E) {
  return <const R extends Route, const S extends Spec>(
    route: R,
    summary: string,
    spec: S,
  ): Operation<E, InputSchema<R, S>, S['response']> => {
    const [method, path] = route.split(' ') as [Method, string];
    const { query = {}, body } = spec;
    const bodyIsArgument = body instanceof z.ZodType;
    const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, resourceID]);
    const member = body && !bodyIsArgument ? Object.keys(body)[0] : undefined;
    return {
      effect,
      host: spec.host ?? 'ingestion',
      method,
      path,
      summary,
      input: (bodyIsArgument
        ? body
        : z
            .strictObject({ ...Object.fromEntries(params), ...query, ...body })
            .check(...('startDate' in query ? [startBeforeEnd] : []))) as InputSchema<R, S>,
      response: spec.response,
      query: Object.keys(query)
        .filter((name) => !path.includes(`{${name}}`))
        .toSorted(),
      body: bodyIsArgument ? { from: 'argument' } : member ? { from: 'member', name: member } : { from: 'none' },
      takesSecrets: spec.takesSecrets ?? false,
      answersSecrets: spec.answersSecrets ?? false,
      timeoutMs: spec.timeoutMs ?? TIMEOUT_MS,
    };
  };
}

export const read = define('read');
export const idempotent = define('idempotent');
export const once = define('once');

/** A window that ends before it starts has nothing in it. */
function startBeforeEnd(ctx: z.core.ParsePayload<Readonly<Record<string, unknown>>>) {
  const { startDate, endDate } = ctx.value;
  if (!(Date.parse(String(startDate)) > Date.parse(String(endDate)))) return;
  ctx.issues.push({ code: 'custom', message: 'lies before startDate', path: ['endDate'], input: endDate });
}

/** A resource's id or an index name in a path: any string, but not one that would change the path. */
export const resourceID = z.string().check((ctx) => {
  const problem = ['', '.', '..'].includes(ctx.value)
    ? `an id may not be ${ctx.value ? `'${ctx.value}'` : 'empty'}`
    : ctx.value.isWellFormed()
      ? undefined
      : 'an id may not hold half a surrogate pair';
  if (problem) ctx.issues.push({ code: 'custom', message: problem, input: ctx.value });
});

/** A reference to a credential, resolved right before sending. It refuses to be serialized, so no reference is ever sent in a value's place. */
export class SecretRef {
  readonly reference: string;
  constructor(reference: string) {
    this.reference = reference;
  }
  toJSON(): never {
    throw new Error('An unresolved secret reference was about to be serialized');
  }
}

/** True of whatever a workflow or an activity was started with; not yet of what is checked before. */
export const NOW_IN_HISTORY = ". This value is now in Temporal's history, so rotate it";

/** A body that is JSON text already: sent as it stands, and checked by whoever made it. */
export class JsonText {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

const LITERAL_SECRET = `a credential may not stand here in the clear: write {"$secret": "env:SECRET_…"} or {"$secret": "file:…"}${NOW_IN_HISTORY}`;

/** Why no worker can read this reference, whatever its variables and files are. */
function whyNoReference(reference: string): string | undefined {
  const [, kind, name = ''] = /^(env|file):(.+)$/s.exec(reference) ?? [];
  if (kind === undefined) return `a secret reference begins with env: or file:${NOW_IN_HISTORY}`;
  if (kind === 'env')
    return name.startsWith('SECRET_')
      ? undefined
      : 'only variables that begin with SECRET_ may be read, such as env:SECRET_SHOPIFY';
  return name.startsWith('/') || name.includes('\0') || name.split(/[/\\]/).includes('..')
    ? 'the path must be relative to SECRETS_DIR and stay below it, such as file:shopify/token'
    : undefined;
}

/** A reference, checked by its text: whether it names something is for the worker to see, right before sending. */
export const secretReference = z
  .string()
  .regex(/^(env:SECRET_|file:)./, { error: ({ input }) => whyNoReference(String(input)), abort: true })
  .check((ctx) => {
    const message = whyNoReference(ctx.value);
    if (message !== undefined) ctx.issues.push({ code: 'custom', message, input: ctx.value });
  });

/** A place for a credential: takes `{"$secret": "env:SECRET_NAME"}` or `{"$secret": "file:path"}`, never the value. */
export const secret = () =>
  z
    .strictObject(
      { $secret: secretReference },
      { error: (issue) => (issue.code === 'invalid_type' && issue.input !== undefined ? LITERAL_SECRET : undefined) },
    )
    .transform((value) => new SecretRef(value.$secret));

/** Not a secret by itself, but may be kept beside one: a plain string, or a reference. */
export const stringOrSecret = () =>
  z.union([z.string(), secret()], {
    error: (issue) => (issue.input === undefined ? undefined : 'expected a string or {"$secret": …}'),
  });

/** Member names under which a free-form configuration holds a credential. */
const SECRET_NAME = /pass(word|phrase)?$|secret|token$|(api|private|access|auth)_?key$|credentials?(_?json)?$/i;

/** An object of any members, taken as it is: zod's records and loose objects lose a member that is called `__proto__`. */
export const freeObject = z
  .custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: ({ input }) => (input === undefined ? 'expected an object, but it is missing' : 'expected an object'),
  })
  .meta({ type: 'object', propertyNames: { type: 'string' }, additionalProperties: {} });

/** A free-form object in which any value may be a reference and a string under a credential's name must be one. */
export const configuration = () =>
  freeObject.transform((value, ctx) => referencesIn(value, [], ctx) as Record<string, unknown>);

function referencesIn(value: unknown, path: PropertyKey[], ctx: z.RefinementCtx): unknown {
  if (Array.isArray(value)) return value.map((item, index) => referencesIn(item, [...path, index], ctx));
  if (typeof value !== 'object' || value === null) {
    const name = path.findLast((step) => typeof step === 'string') ?? '';
    if (typeof value === 'string' && value !== '' && SECRET_NAME.test(name))
      ctx.addIssue({ code: 'custom', message: LITERAL_SECRET, path });
    return value;
  }
  if ('$secret' in value) {
    const parsed = secret().safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues)
      ctx.addIssue({ code: 'custom', message: issue.message, path: [...path, ...issue.path] });
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, referencesIn(item, [...path, name], ctx)]),
  );
}

/** The members every list operation takes. */
export const page = {
  itemsPerPage: z.int().min(1).max(100).optional(),
  page: z.int().min(1).optional(),
};
export const order = z.enum(['asc', 'desc']).optional();

/** Answers: unknown members are kept, and a member the API may leave out or null is `nullish`. */
export const answer = z.looseObject;
export const text = z.string().nullish();

const pagination = answer({
  page: z.number().nullish(),
  itemsPerPage: z.number().nullish(),
  nbPages: z.number().nullish(),
  nbItems: z.number().nullish(),
});
/** `{[name]: item[], pagination}`; a null list is an empty one. */
export const listOf = <const N extends string, T extends z.ZodType, X extends z.ZodRawShape = Record<never, never>>(
  name: N,
  item: T,
  extra?: X,
) =>
  answer({ [name]: listOrNull(item), pagination: pagination.nullish(), ...extra } as Record<
    N,
    ReturnType<typeof listOrNull<T>>
  > & {
    pagination: z.ZodOptional<z.ZodNullable<typeof pagination>>;
  } & X);
const listOrNull = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullable()
    .transform((items) => items ?? []);

/** The API may answer a delete with nothing at all. */
export const Deleted = answer({ deletedAt: text });

/** RFC 3339, or a day. */
export const date = z
  .string()
  .refine(
    (value) => /^\d{4}-\d{2}-\d{2}(T|$)/.test(value) && !Number.isNaN(Date.parse(value)),
    'expected an RFC 3339 date such as 2026-11-24T00:00:00Z',
  );
export const resourceName = z.string().min(1);
