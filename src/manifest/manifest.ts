import { z } from 'zod';
import { AuthenticationCreate, PUBLIC_MEMBERS } from '../operations/authentications.ts';
import { DestinationCreate } from '../operations/destinations.ts';
import { resourceID, resourceName, secret } from '../operations/operation.ts';
import { kindsInOrder, resourceKinds, type ResourceKind } from '../operations/resource-kinds.ts';
import { SourceCreate } from '../operations/sources.ts';
import { TaskCreate } from '../operations/tasks.ts';
import { noCodeInput, codeInput } from '../operations/transformations.ts';
import { references } from './references.ts';

/**
 * The vocabulary of connectors as code.
 *
 * - manifest: which connectors there should be
 * - entry: one resource of a manifest, as Algolia's create operation takes it, except that it refers to others by name
 * - pin: an entry's own id, which tells it from others of its name
 * - inventory: what Algolia has
 */
export interface Entry {
  readonly name?: string;
  readonly type?: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}
export type Section = (typeof resourceKinds)[ResourceKind]['member'];
export type Manifest = { readonly applicationId?: string | undefined } & {
  /** A kind without a section is nobody's business: nothing of it is compared or deleted. */
  readonly [S in Section]?: readonly Entry[] | undefined;
};

const names = z.array(resourceName);
const ids = z.array(resourceID);
const byAuthentication = { authentication: resourceName.optional(), authenticationID: resourceID.optional() };
const byAuthentications = { authentications: names.optional(), authenticationIDs: ids.optional() };

/** Nobody can read a credential back, so `null` or nothing stands for the one that Algolia has. */
function keepable(input: z.ZodType): z.ZodType {
  if (!(input instanceof z.ZodObject)) return z.record(z.string(), secret().nullable());
  const members = Object.entries(input.shape as Record<string, z.ZodType>);
  return z.strictObject(
    Object.fromEntries(members.map(([name, member]) => [name, PUBLIC_MEMBERS.has(name) ? member : member.nullish()])),
  );
}

type Variants = [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]];

const authentication = z.discriminatedUnion(
  'type',
  AuthenticationCreate.options.map((variant) =>
    variant.extend({ input: keepable(variant.shape.input), authenticationID: resourceID.optional() }),
  ) as unknown as Variants,
);

const source = z.discriminatedUnion(
  'type',
  SourceCreate.options.map((variant) =>
    (variant as z.ZodObject).extend({ ...byAuthentication, sourceID: resourceID.optional() }),
  ) as unknown as Variants,
);

const ofTransformation = {
  name: resourceName,
  description: z.string().optional(),
  ...byAuthentications,
  transformationID: resourceID.optional(),
};
const transformation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('code'), input: codeInput, ...ofTransformation }),
  z.strictObject({ type: z.literal('noCode'), input: noCodeInput, ...ofTransformation }),
]);

const destination = DestinationCreate.extend({
  ...byAuthentication,
  transformations: names.optional(),
  transformationIDs: ids.optional(),
  destinationID: resourceID.optional(),
});

/** Without `cursor`, which is how far a task has come, and no configuration. */
const task = TaskCreate.omit({ cursor: true }).extend({
  source: resourceName.optional(),
  sourceID: resourceID.optional(),
  destination: resourceName.optional(),
  destinationID: resourceID.optional(),
  taskID: resourceID.optional(),
});

export const entrySchemas: Readonly<Record<ResourceKind, z.ZodType>> = {
  authentication,
  source,
  transformation,
  destination,
  task,
};

export const manifestSchema = z
  .strictObject({
    /** The application that it is about; any other refuses it. */
    applicationId: z.string().min(1).optional(),
    authentications: z.array(authentication).optional(),
    sources: z.array(source).optional(),
    transformations: z.array(transformation).optional(),
    destinations: z.array(destination).optional(),
    tasks: z.array(task).optional(),
  })
  .check((ctx) => {
    const complain = (path: PropertyKey[], message: string) =>
      ctx.issues.push({ code: 'custom', message, path, input: undefined });
    for (const kind of kindsInOrder) checkSection(kind, ctx.value as Manifest, complain);
  });

/** What a single entry can't tell, or its schema can't say. */
function checkSection(
  kind: ResourceKind,
  manifest: Manifest,
  complain: (path: PropertyKey[], message: string) => void,
): void {
  const { member: section, id } = resourceKinds[kind];
  const pins = new Map<unknown, number>();
  for (const [place, entry] of (manifest[section] ?? []).entries()) {
    for (const { by, id: byId, required } of references[kind]) {
      if (entry[by] !== undefined && entry[byId] !== undefined)
        complain([section, place, byId], `give either ${by} (by name) or ${byId}`);
      if (required && entry[by] === undefined && entry[byId] === undefined)
        complain([section, place, by], `name the ${by} of the ${kind}`);
    }
    const pin = entry[id];
    if (pin === undefined) continue;
    const first = pins.get(pin);
    if (first !== undefined) complain([section, place, id], `${section}[${first}] has this ${id} already`);
    else pins.set(pin, place);
  }
}
