import { z } from 'zod';

/** The part of JSON Schema that zod writes. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

const LINE = 100;
const INDENT = '  ';

/** What a caller may pass, as JSON Schema. */
export const inputSchema = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema;

/** A schema as a TypeScript type: on one line where it fits. */
export function shapeOf(schema: Schema, depth = 0): string {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return union(variants.map((variant) => shapeOf(variant, depth)));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  switch (schema.type) {
    case 'object':
      return objectShape(schema, depth);
    case 'array': {
      const item = shapeOf(schema.items ?? {}, depth);
      return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
    }
    case 'integer':
    case 'number':
      return `number${range(schema)}`;
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    default:
      return 'unknown';
  }
}

const union = (shapes: readonly string[]): string => [...new Set(shapes)].join(' | ');

function range({ minimum = -Infinity, maximum = Infinity }: Schema): string {
  const from = Number.isSafeInteger(minimum) && minimum !== Number.MIN_SAFE_INTEGER ? String(minimum) : '';
  const to = Number.isSafeInteger(maximum) && maximum !== Number.MAX_SAFE_INTEGER ? String(maximum) : '';
  return from || to ? ` /* ${from}…${to} */` : '';
}

function objectShape({ properties = {}, required = [], additionalProperties }: Schema, depth: number): string {
  const names = Object.keys(properties);
  if (names.length === 1 && names[0] === '$secret') return 'Secret';
  const others = typeof additionalProperties === 'object' ? shapeOf(additionalProperties, depth + 1) : undefined;
  if (names.length === 0) return others === undefined ? '{}' : `Record<string, ${others}>`;
  const members = Object.entries(properties).map(
    ([name, member]) => `${name}${required.includes(name) ? '' : '?'}: ${shapeOf(member, depth + 1)}`,
  );
  if (others !== undefined) members.push(`[other: string]: ${others}`);
  const inline = `{ ${members.join('; ')} }`;
  if (!inline.includes('\n') && inline.length + depth * INDENT.length <= LINE) return inline;
  const pad = INDENT.repeat(depth);
  return ['{', ...members.map((member) => `${pad}${INDENT}${member};`), `${pad}}`].join('\n');
}
