import { cliPage } from './cli-page.ts';
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
  return {
    'docs/operations.md': operationsPage(),
    'docs/cli.md': await cliPage(),
    'docs/licences.md': licencesPage(),
    ...Object.fromEntries(schemas),
  };
}
