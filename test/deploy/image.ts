import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile: as much of its syntax as ours uses. */
function readDockerfile(text: string): Stage[] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((one) => one.trim() !== '')) {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === 'FROM') {
      const [from = '', , stage = ''] = rest.split(/\s+/);
      stages.push({ name: stage, from, instructions: [] });
    } else stages.at(-1)?.instructions.push({ name, rest: rest.trim() });
  }
  return stages;
}

export const dockerfile = async () => readDockerfile(await readFile(join(ROOT, 'Dockerfile'), 'utf8'));

/** What a COPY takes from the checkout. */
export const copied = ({ rest }: Instruction) => rest.split(/\s+/).slice(0, -1);

/**
 * Takes the steps of the image one after another, as an engine would, in directories instead of layers. Returns what is
 * `/app` in the last stage. Not taken: Debian's packages, and the installation of what this test itself runs on.
 */
export async function buildImage(directory: string): Promise<string> {
  let app = '';
  for (const { name, instructions } of await dockerfile()) {
    app = join(directory, name);
    await mkdir(app, { recursive: true });
    if (name === 'simulator') continue;
    for (const instruction of instructions) await take(instruction, app, directory);
  }
  return app;
}

async function take({ name, rest }: Instruction, app: string, directory: string): Promise<void> {
  if (name === 'COPY') {
    const [, stage, words] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(rest) ?? [];
    const paths = (words ?? '').split(/\s+/);
    const target = paths.pop() ?? '';
    for (const path of paths) {
      const from = stage ? join(directory, stage, path.replace('/app/', '')) : join(ROOT, path);
      await cp(from, join(app, target.endsWith('/') ? join(target, basename(path)) : target), { recursive: true });
    }
  }
  if (name !== 'RUN' || rest.startsWith('apt-get')) return;
  if (rest === 'npm ci --ignore-scripts') await symlink(join(ROOT, 'node_modules'), join(app, 'node_modules'));
  else await promisify(execFile)('sh', ['-c', rest], { cwd: app, env: { ...process.env, NODE_ENV: 'production' } });
}
