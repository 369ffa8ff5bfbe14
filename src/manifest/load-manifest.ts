import { z } from 'zod';
import { applyManifestInput } from '../activities/inputs/apply-manifest.ts';
import { parseWorded } from '../algolia/wording.ts';
import { ConfigError } from '../config.ts';
import { NOW_IN_HISTORY } from '../operations/operation.ts';
import { readYamlFile } from '../yaml-file.ts';
import type { Manifest } from './manifest.ts';

/** The check of a workflow's input, of a file that holds the manifest alone: also what is too big for it is refused. */
const file = z.unknown().transform((value, ctx): Manifest => {
  const parsed = parseWorded(applyManifestInput, { manifest: value });
  if (parsed.success) return parsed.data.manifest;
  for (const issue of parsed.error.issues)
    ctx.issues.push({ ...issue, input: value, path: issue.path.slice(1) } as z.core.$ZodRawIssue);
  return z.NEVER;
});

/** Reads and checks a manifest, or throws {@link ConfigError} naming the file and every wrong place. */
export function loadManifest(path: string): Manifest {
  try {
    return readYamlFile(path, file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Nothing of it has been anywhere yet.
    throw new ConfigError(error.message.replaceAll(NOW_IN_HISTORY, ''), { cause: error });
  }
}
