import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const scripts = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
  .scripts;
const BUILT_IN = new Set(['ci', 'cit', 'start', 'test', 'audit', 'sbom', 'pack', 'install']);

/** As the Web makes an anchor of a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

test.each(PAGES)('every link in %s leads somewhere', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8').replace(/```[\s\S]*?```/g, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);
  const broken = links
    .filter((link) => !/^(https?|mailto):/.test(link))
    .filter((link) => {
      const [path = '', fragment] = link.split('#');
      const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
      if (!existsSync(file)) return true;
      if (!fragment || !file.endsWith('.md')) return false;
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        anchor(heading as string),
      );
      return !headings.includes(fragment);
    });
  expect(broken).toEqual([]);
});

test.each(PAGES)('every npm command in %s exists', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const run = [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name as string);
  const direct = [...text.matchAll(/(?:^|[`&] ?)npm (?!run\b)([a-z]+)/gm)].map(([, name]) => name as string);
  expect(run.filter((name) => !(name in scripts))).toEqual([]);
  expect(direct.filter((name) => !BUILT_IN.has(name))).toEqual([]);
});
