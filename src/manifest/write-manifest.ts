import { stringify } from 'yaml';
import type { Manifest } from './manifest.ts';

const ABOUT = `# Connectors as code: \`algolia-ingestion diff\` shows where Algolia differs from this file, \`plan\` what \`apply\` would do.
# A credential that is null stands for what Algolia has, which nobody can read back.`;

/** A manifest as YAML; read again it is the same. */
export function writeManifest(manifest: Manifest, { schema }: { readonly schema?: string | undefined } = {}): string {
  const editors = schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`];
  // Long lines are not folded: people compare these files line by line.
  return [...editors, ABOUT, '', stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })].join('\n');
}
