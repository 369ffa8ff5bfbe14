import { z } from 'zod';
import { parseWorded } from '../../algolia/wording.ts';
import { AuthenticationCreate } from '../../operations/authentications.ts';
import { DestinationCreate } from '../../operations/destinations.ts';
import { freeObject } from '../../operations/operation.ts';
import { SourceCreate } from '../../operations/sources.ts';
import { TaskCreate } from '../../operations/tasks.ts';
import { syncOptions } from './sync.ts';
import { approvalBy, intent, schemaBehind } from './vocabulary.ts';

const FILLED_IN = 'filled in';

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What the API takes, less the members that the workflow fills in; those are stood in for while checking. */
function without<S extends z.ZodType, const F extends Readonly<Record<string, unknown>>>(schema: S, filledIn: F) {
  const rest = z.custom<Without<z.input<S>, keyof F>>().check((ctx) => {
    const value: unknown = ctx.value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const message = `expected an object${value === undefined ? ', but it is missing' : ''}`;
      ctx.issues.push({ code: 'custom', message, input: value });
      return;
    }
    for (const name of Object.keys(filledIn)) {
      if (name in value)
        ctx.issues.push({
          code: 'custom',
          message: 'unknown field: the workflow fills it in',
          path: [name],
          input: value,
        });
    }
    const parsed = parseWorded(schema, { ...value, ...filledIn });
    if (!parsed.success) ctx.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
  });
  schemaBehind.set(rest, { schema, without: Object.keys(filledIn) });
  return rest;
}

export const connector = {
  /** Names everything that is created; what has the name already is adopted. */
  name: z.string().min(1).max(200),
  authentication: without(AuthenticationCreate, { name: FILLED_IN }).optional(),
  source: without(SourceCreate, { name: FILLED_IN }),
  transformation: z
    .strictObject({
      name: z.string().min(1).optional(),
      type: z.literal('code'),
      input: z.strictObject({ code: z.string().min(1) }),
      /** Records to try the code on before anything is created. */
      tryOn: z.array(freeObject).max(20).optional(),
    })
    .optional(),
  destination: without(DestinationCreate.omit({ transformationIDs: true }), { name: FILLED_IN }),
  task: without(TaskCreate, { sourceID: FILLED_IN, destinationID: FILLED_IN }),
  ifExists: z.enum(['adopt', 'fail']).default('adopt'),
  keepOnFailure: z.boolean().default(false),
  ...intent,
};

/** The check of what a single member can't tell. */
export const oneAuthentication = (
  ctx: z.core.ParsePayload<{ authentication?: unknown; source?: { authenticationID?: string | undefined } }>,
) => {
  if (!ctx.value.authentication || !ctx.value.source?.authenticationID) return;
  ctx.issues.push({
    code: 'custom',
    message: 'give either authentication (a new one) or source.authenticationID (an existing one)',
    path: ['source', 'authenticationID'],
    input: ctx.value.source.authenticationID,
  });
};

const firstSync = z.strictObject({ enabled: z.boolean(), ...syncOptions });

export const provisionConnectorInput = z
  .strictObject({
    ...connector,
    firstSync: firstSync.optional(),
    /** If given, the first sync waits for an approval. */
    approval: approvalBy.optional(),
  })
  .check(oneAuthentication);
