import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadApprovalPolicies } from '../../src/approvals/load-policies.ts';
import { loadSchedules } from '../../src/schedules/schedules-file.ts';
import { readDecision } from '../../src/workflows/steps/approval-decision.ts';
import * as workflows from '../../src/workflows/index.ts';
import { checkWorkflow } from './check-argument.ts';
import { codeSpans, pagePaths, readPage, type Block } from './pages.ts';

/** How a page may mark a block: one that is marked otherwise would be checked by nobody. */
const LANGUAGES = {
  '': 'what is printed',
  text: 'what is printed',
  sh: 'commands.test.ts',
  bash: 'commands.test.ts',
  json: 'here',
  yaml: 'here',
  ts: 'code of a reader, or a signature',
  mermaid: 'a picture',
  promql: 'a query',
  sql: 'a list filter',
  ini: 'a file of the operating system',
  toml: 'a profile of Temporal',
  dockerfile: 'an image of a reader',
  diff: 'a change',
} as const;

type Check = (document: Record<string, unknown>, text: string) => void;

/** What a document is taken for, by a member that it has, and what then must hold. */
const KINDS: Readonly<Record<string, Check>> = {
  schedules: (_, text) => void withFile(text, loadSchedules),
  policies: (_, text) => void withFile(text, loadApprovalPolicies),
  approver: (document) => expect(readDecision(document)).toBeTypeOf('object'),
};

test.each(pagePaths)('every block of %s says what it is', (path) => {
  const unknown = readPage(path).blocks.filter(({ language }) => !(language in LANGUAGES));
  expect(unknown.map(({ language, line }) => `${path}:${line}: ${language}`)).toEqual([]);
});

test.each(pagePaths)('every JSON and YAML example in %s is what it is meant to be', (path) => {
  const examples = readPage(path).blocks.filter(({ language }) => language === 'json' || language === 'yaml');
  expect(examples.map((block) => complaintAbout(block, path)).filter((each) => each !== undefined)).toEqual([]);
});

test.each(pagePaths)('all JSON in the text of %s is JSON', (path) => {
  const spans = codeSpans(readPage(path)).filter(({ text }) => /^(\{"|\[\{)/.test(text) && !text.includes('…'));
  const broken = spans.filter(({ text }) => {
    try {
      JSON.parse(text);
      return false;
    } catch {
      return !/^\[\{\w/.test(text);
    }
  });
  expect(broken.map(({ text, line }) => `${path}:${line}: ${text}`)).toEqual([]);
});

function complaintAbout({ language, text, line, under }: Block, path: string): string | undefined {
  try {
    const documents = language === 'json' ? [JSON.parse(text) as unknown] : readYaml(text);
    if (language === 'json' && under in workflows) {
      const complaint = checkWorkflow(under, text);
      if (complaint !== undefined) throw new Error(complaint);
    }
    for (const document of documents)
      for (const [member, check] of Object.entries(KINDS))
        if (document !== null && typeof document === 'object' && member in document)
          check(document as Record<string, unknown>, text);
    return undefined;
  } catch (error) {
    return `${path}:${line}: ${(error as Error).message}`;
  }
}

function readYaml(text: string): unknown[] {
  return parseAllDocuments(text, { prettyErrors: true }).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as unknown;
  });
}

function withFile<T>(text: string, read: (path: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'docs-'));
  try {
    const file = join(directory, 'example.yaml');
    writeFileSync(file, text);
    return read(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
