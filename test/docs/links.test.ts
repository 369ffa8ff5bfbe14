import { existsSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { matchesOf, pagePaths, readPage, ROOT, type Page } from './pages.ts';

const ELSEWHERE = /^(https?|mailto):/;
const PICTURES = new Set(['.png', '.svg']);
/** A picture is looked at over slow lines too. */
const MAX_PICTURE_BYTES = 300_000;

/** As the Web makes anchors of headings: of equal ones, the second ends in `-1`. */
function anchorsOf({ headings }: Page): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    headings.map((heading) => {
      const slug = heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-');
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

/** Where a page leads: links, pictures, references at the end of the page, and those of HTML. */
function linksOf({ prose }: Page) {
  const text = prose.replace(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
  return [
    ...matchesOf(text, /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g),
    ...matchesOf(text, /^\[[^\]]+\]:\s+(\S+)/gm),
    ...matchesOf(text, /(?:src|href)="([^"]+)"/g),
  ];
}

function complaintAbout(link: string, page: Page): string | undefined {
  const [path = '', fragment] = link.split('#');
  const target = path === '' ? page.path : join(dirname(page.path), decodeURIComponent(path));
  const file = join(ROOT, target);
  if (!existsSync(file)) return 'there is no such file';
  if (PICTURES.has(extname(file)) && statSync(file).size > MAX_PICTURE_BYTES) return 'the picture is too large';
  if (fragment === undefined || !file.endsWith('.md')) return undefined;
  return anchorsOf(readPage(target)).has(fragment) ? undefined : 'there is no such heading';
}

test.each(pagePaths)('every link and picture in %s leads somewhere', (path) => {
  const page = readPage(path);
  const broken = linksOf(page)
    .filter(({ text }) => !ELSEWHERE.test(text))
    .map(({ text, line }) => ({ text, line, complaint: complaintAbout(text, page) }))
    .filter(({ complaint }) => complaint !== undefined);
  expect(broken.map(({ text, line, complaint }) => `${path}:${line}: ${text}: ${complaint}`)).toEqual([]);
});

test.each(pagePaths)('every picture in %s says what it shows', (path) => {
  expect(matchesOf(readPage(path).prose, /(!\[\s*\]\([^)]*\))/g)).toEqual([]);
});

test('every page is found from the README, or from a page that is', () => {
  const found = new Set(['README.md']);
  for (const path of found)
    for (const { text } of linksOf(readPage(path))) {
      const target = join(dirname(path), (text.split('#')[0] as string) || '.');
      if (!ELSEWHERE.test(text) && pagePaths.includes(target)) found.add(target);
    }
  expect(pagePaths.filter((path) => !found.has(path))).toEqual([]);
});

test('an anchor is that of a heading, also of the second of a name, and never of a comment in a script', () => {
  const page: Page = { path: 'x.md', blocks: [], prose: '', headings: ['Set up', 'What `it` does', 'Set up'] };
  expect([...anchorsOf(page)]).toEqual(['set-up', 'what-it-does', 'set-up-1']);
  expect(readPage('docs/schedules.md').headings.join('\n')).not.toContain('what would change');
});
