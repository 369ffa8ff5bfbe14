import { readFileSync } from 'node:fs';

/** What a field of an input means, by its path (`guard.minRecords`). */
export type FieldDescriptions = ReadonlyMap<string, { readonly default: string; readonly meaning: string }>;

/** The tables of fields in docs/workflows.md, by workflow: the one place where a field is described. */
export function readFieldDescriptions(): ReadonlyMap<string, FieldDescriptions> {
  const page = readFileSync(new URL('../../docs/workflows.md', import.meta.url), 'utf8');
  const sections = page.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const rows = [...section.matchAll(/^\| `([\w.]+)` \|(.*?)\|(.*)\|$/gm)];
      return [
        section.slice(0, section.indexOf('\n')),
        new Map(
          rows.map(([, path = '', fallback = '', meaning = '']) => [
            path,
            { default: fallback.replaceAll('`', '').trim(), meaning: meaning.trim() },
          ]),
        ),
      ];
    }),
  );
}
