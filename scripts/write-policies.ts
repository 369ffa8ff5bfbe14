import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const POLICIES =
  'policies: {default: {expiresAfter: 24h}}\nchannels: {ops: {type: webhook, url: {$secret: env:SECRET_OPS}}}\n';

/** Approval policies with a channel `ops`, as a file in that directory; returns its path. */
export async function writePolicies(directory: string): Promise<string> {
  const path = join(directory, 'policies.yaml');
  await writeFile(path, POLICIES);
  return path;
}
