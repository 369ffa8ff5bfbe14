import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { CHECKS, checkCommand } from './check-command.ts';
import { codeSpans, pagePaths, readPage, type Span } from './pages.ts';
import { shellCommands } from './shell-commands.ts';

const NAMES = Object.keys(CHECKS);
const SHELL = new Set(['sh', 'bash']);
/** In running text: what begins as one of these commands does, with something after it. */
const INLINE = /^(algolia-ingestion|npm|temporal) \S/;

/** What is wrong with a script, each with its place. */
async function complaintsAbout({ text, line }: Span, path: string): Promise<string[]> {
  const { commands, complaints } = shellCommands(text, NAMES);
  const wrong = await Promise.all(
    commands.map(async (words) => {
      const complaint = await checkCommand(words);
      return complaint && `${path}:${line}: ${words.join(' ')}: ${complaint}`;
    }),
  );
  return [...(complaints ? [`${path}:${line}: ${complaints}`] : []), ...wrong.filter((each) => each !== undefined)];
}

test.each(pagePaths)('every shell command in a block of %s would be taken', async (path) => {
  const blocks = readPage(path).blocks.filter(({ language }) => SHELL.has(language));
  expect((await Promise.all(blocks.map((block) => complaintsAbout(block, path)))).flat()).toEqual([]);
});

test.each(pagePaths)('every command in the text of %s would be taken', async (path) => {
  const spans = codeSpans(readPage(path)).filter(({ text }) => INLINE.test(text));
  const complaints = (await Promise.all(spans.map((span) => complaintsAbout(span, path)))).flat();
  // Text may name a command without what it takes.
  expect(complaints.filter((complaint) => !/missing required argument|' needs --/.test(complaint))).toEqual([]);
});

test('every example in the help of the CLI would be taken', async () => {
  let help = '';
  const names = (await createProgram([])).commands.map((command) => command.name());
  const program = await createProgram(names);
  const outputs = [program, ...program.commands.flatMap((command) => [command, ...command.commands])];
  for (const command of outputs) command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const examples = [...help.matchAll(/^ +\$ (.*)$/gm)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThan(5);
  expect((await Promise.all(examples.map((text) => complaintsAbout({ text, line: 0 }, 'help')))).flat()).toEqual([]);
});

describe('the check itself', () => {
  const complaint = async (text: string) => (await complaintsAbout({ text, line: 1 }, 'page'))[0];

  test.each([
    ['an unknown command', 'algolia-ingestion aprove x', "unknown command 'aprove'"],
    ['an unknown option', 'algolia-ingestion status x --jsn', "unknown option '--jsn'"],
    ['a missing argument', 'algolia-ingestion status', 'missing required argument'],
    ['an unknown field', `npm run -s cli -- start syncTask '{"taskId": "x"}'`, 'input.taskId: unknown field'],
    ['no JSON', `algolia-ingestion call listTasks '{"page": 1'`, 'JSON'],
    ['an unknown script', 'npm run dmeo', 'package.json has no script dmeo'],
    ['a flag of temporal that is none', 'temporal workflow show --workflow x', 'no flag --workflow'],
    ['a command of temporal that is none', 'temporal workflow sginal -w x', 'no command'],
    ['a flag of temporal that is missing', 'temporal workflow signal -w x', 'needs --name'],
    ['a wrong input among others', `temporal workflow start -t q --type syncTask -i '{}'`, 'input.taskID'],
    ['an open quote', `npm run demo '`, 'unexpected EOF'],
    ['a program that nobody checks', 'ngrok http 80', 'ngrok: command not found'],
    ['what stands behind a pipe', 'curl -s localhost | algolia-ingestion cal', "unknown command 'cal'"],
  ])('finds %s', async (_, script, message) => {
    expect(await complaint(script)).toContain(message);
  });

  test('takes placeholders, comments and continued lines', async () => {
    const script = 'algolia-ingestion approve <workflow-id> \\\n  --as bob # or anybody else\n';
    expect(await complaint(script)).toBeUndefined();
  });
});
