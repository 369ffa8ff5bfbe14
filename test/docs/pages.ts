import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage']);

export interface Block {
  readonly language: string;
  readonly text: string;
  /** Of its first line, in the page. */
  readonly line: number;
  /** The nearest heading above it. */
  readonly under: string;
}

export interface Page {
  /** From the root of the project. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** The page without its blocks; lines keep their numbers. */
  readonly prose: string;
  readonly headings: readonly string[];
}

/** Every Markdown page of the project, from the root. */
export const pagePaths: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .filter(({ name }) => !name.startsWith('.') && !NOT_OURS.has(name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(ROOT, entry.name), { recursive: true, encoding: 'utf8' }).map((name) => join(entry.name, name))
      : [entry.name],
  )
  .filter((name) => name.endsWith('.md'))
  .toSorted();

export function readPage(path: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  const headings: string[] = [];
  let open: { fence: string; language: string; line: number; lines: string[] } | undefined;
  for (const [place, line] of readFileSync(join(ROOT, path), 'utf8').split('\n').entries()) {
    const [, fence, language = ''] = /^\s*(`{3,}|~{3,})\s*([\w-]*)/.exec(line) ?? [];
    if (open ? fence !== undefined && language === '' && fence.startsWith(open.fence) : fence !== undefined) {
      prose.push('');
      if (open) {
        blocks.push({ ...open, text: open.lines.join('\n'), under: headings.at(-1) ?? '' });
        open = undefined;
      } else open = { fence: fence as string, language, line: place + 2, lines: [] };
      continue;
    }
    open?.lines.push(line);
    prose.push(open ? '' : line);
    const [, heading] = open ? [] : (/^#{1,6} (.*)$/.exec(line) ?? []);
    if (heading !== undefined) headings.push(heading);
  }
  if (open) throw new Error(`${path}:${open.line}: this block has no end`);
  return { path, blocks, prose: prose.join('\n'), headings };
}

export interface Span {
  readonly text: string;
  readonly line: number;
}

/** What stands between backticks in the prose. */
export const codeSpans = ({ prose }: Page): Span[] => matchesOf(prose, /`([^`\n]+)`/g);

/** Every match's first group, and the line it stands in. */
export const matchesOf = (text: string, pattern: RegExp): Span[] =>
  [...text.matchAll(pattern)].map(({ 1: found = '', index }) => ({
    text: found,
    line: text.slice(0, index).split('\n').length,
  }));
