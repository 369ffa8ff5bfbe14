import { z } from 'zod';
import { workflowInputs } from '../../src/activities/check-input.ts';
import { schemaBehind } from '../../src/activities/inputs/vocabulary.ts';
import { manifestSchema } from '../../src/manifest/manifest.ts';
import { readFieldDescriptions } from './field-descriptions.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of every workflow's input, with what docs/workflows.md says of its fields, by workflow type. */
export function inputSchemas(): Record<string, JsonSchema> {
  const described = readFieldDescriptions();
  return Object.fromEntries(
    Object.entries(workflowInputs).map(([type, input]) => {
      const { $schema, ...schema } = toJsonSchema(input);
      for (const [name, property] of Object.entries(schema.properties ?? {}))
        describe(property, meaningOf(described, type, name));
      for (const [parent, options] of Object.entries(NESTED)) {
        const members = (schema.properties?.[parent] as JsonSchema | undefined)?.properties ?? {};
        for (const [name, member] of Object.entries(members))
          describe(member, meaningOf(described, options, name, parent));
      }
      return [type, { ...($schema ? { $schema } : {}), title: `Input of the workflow ${type}`, ...schema }];
    }),
  );
}

/** The JSON Schema of a manifest as a file, for editors. */
export function manifestFileSchema(): JsonSchema {
  const { $schema, ...schema } = toJsonSchema(manifestSchema);
  return { ...($schema ? { $schema } : {}), title: 'Connectors as code', ...schema };
}

/** Fields that hold fields, and the workflow whose section describes those. Deeper down Algolia's own documentation tells. */
const NESTED = { run: 'syncTask', firstSync: 'syncTask', batch: 'pushRecords', guard: 'replaceAllRecords' } as const;

type Described = ReturnType<typeof readFieldDescriptions>;

/** A row may leave it to an earlier workflow's row of the same name. */
function meaningOf(described: Described, type: string, name: string, parent?: string): string | undefined {
  const fields = described.get(type);
  const own = (parent && fields?.get(`${parent}.${name}`)?.meaning) || fields?.get(name)?.meaning;
  if (own === undefined || own !== '') return own;
  return [...described.values()].map((others) => others.get(name)?.meaning).find((meaning) => meaning);
}

function describe(property: JsonSchema | boolean, meaning: string | undefined): void {
  if (typeof property === 'object' && meaning) property.description = meaning.replaceAll('`', '');
}

/** As a caller writes it. Where the check is code, the schema behind it. */
function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override({ zodSchema, jsonSchema }) {
      const behind = schemaBehind.get(zodSchema);
      if (!behind) return;
      const { $schema: _, ...shown } = toJsonSchema(behind.schema);
      for (const name of behind.without) leaveOut(name, shown);
      Object.assign(jsonSchema, shown);
    },
  });
}

function leaveOut(name: string, schema: JsonSchema): void {
  delete schema.properties?.[name];
  if (schema.required) schema.required = schema.required.filter((required) => required !== name);
  for (const variant of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) leaveOut(name, variant as JsonSchema);
}
