import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readFieldDescriptions } from '../../scripts/docs/field-descriptions.ts';
import { inputSchemas } from '../../scripts/docs/input-schemas.ts';
import { workflowInputs, type WorkflowType } from '../../src/activities/check-input.ts';
import * as workflows from '../../src/workflows/index.ts';

const page = readFileSync(new URL('../../docs/workflows.md', import.meta.url), 'utf8');
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
);
const described = readFieldDescriptions();
const schemas = inputSchemas();
const inputs = Object.entries(workflowInputs) as [WorkflowType, z.ZodType][];

type Property = { default?: unknown; properties?: Record<string, Property> };

test('docs/workflows.md has a section for every workflow that a worker offers', () => {
  expect([...sections.keys()]).toEqual(expect.arrayContaining(Object.keys(workflows)));
});

test.each(inputs)('every field of %s is there, with its default', (type) => {
  const { properties = {}, required = [] } = schemas[type] as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  const fields = described.get(type);
  expect(new Set([...(fields?.keys() ?? [])].filter((path) => !path.includes('.')))).toEqual(
    new Set(Object.keys(properties)),
  );
  for (const [name, property] of Object.entries(properties)) {
    const expected = required.includes(name)
      ? 'required'
      : 'default' in property
        ? JSON.stringify(property.default)
        : '';
    expect(`${name}: ${fields?.get(name)?.default}`).toBe(`${name}: ${expected}`);
    const members = Object.entries(property.properties ?? {}).filter(([member]) => fields?.has(`${name}.${member}`));
    for (const [member, { default: fallback }] of members)
      expect(fields?.get(`${name}.${member}`)?.default).toBe(JSON.stringify(fallback));
  }
});

test.each(inputs)('the examples of %s are taken, by the check and by the published schema', (type, input) => {
  const examples = [...(sections.get(type) ?? '').matchAll(/^```json\n([\s\S]*?)```$/gm)].map(
    ([, text = '']) => JSON.parse(text) as unknown,
  );
  expect(examples.length).toBeGreaterThan(0);
  const published = z.fromJSONSchema(schemas[type] as z.core.JSONSchema.JSONSchema);
  for (const example of examples) {
    expect(input.safeParse(example).error).toBeUndefined();
    expect(published.safeParse(example).error).toBeUndefined();
    expect(published.safeParse({ ...(example as object), unknownField: 1 }).success).toBe(false);
  }
});

test('the schemas show what a check in code stands for, without what the workflow fills in', () => {
  const source = schemas.provisionConnector?.properties?.source as {
    oneOf: { properties: object; required: string[] }[];
  };
  expect(source.oneOf).toHaveLength(10);
  for (const { properties, required } of source.oneOf) {
    expect(properties).not.toHaveProperty('name');
    expect(required).not.toContain('name');
  }
  expect(schemas.changeSource?.properties?.sourceUpdate).toMatchObject({ type: 'object' });
  expect(JSON.stringify(schemas)).not.toMatch(
    /"(authentication|source|task|destination|newInput|records)":\{"description"/,
  );
});
