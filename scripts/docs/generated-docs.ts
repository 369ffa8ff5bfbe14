import { readFileSync } from 'node:fs';
import { cliPage } from './cli-page.ts';
import { failuresPage } from './fault-matrix.ts';
import { inputSchemas, manifestFileSchema } from './input-schemas.ts';
import { licencesPage } from './licences-page.ts';
import { operationsPage } from './operations-page.ts';

/** Every file that follows from the code, by its path in the repository. */
export async function generatedDocs(): Promise<Record<string, string>> {
  const all = { ...inputSchemas(), connectors: manifestFileSchema() };
  const schemas = Object.entries(all).map(([type, schema]) => [
    `docs/schemas/${type}.json`,
    `${JSON.stringify(schema, null, 2)}\n`,
  ]);
  const failures = 'docs/failures.md';
  const committed = readFileSync(new URL(`../../${failures}`, import.meta.url), 'utf8');
  return {
    'docs/operations.md': operationsPage(),
    'docs/cli.md': await cliPage(),
    'docs/licences.md': licencesPage(),
    [failures]: failuresPage(committed),
    ...Object.fromEntries(schemas),
  };
}
