import { operationsPage } from './operations-page.ts';

/** Every file that follows from the code, by its path in the repository. */
export function generatedDocs(): Record<string, string> {
  return { 'docs/operations.md': operationsPage() };
}
