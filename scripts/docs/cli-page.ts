import type { Command } from 'commander';
import { commands } from '../../src/cli/commands.ts';
import { createProgram } from '../../src/cli/program.ts';

const INTRODUCTION = `# The command line

\`algolia-ingestion\` asks things of Temporal and of the worker: it needs \`TEMPORAL_ADDRESS\` and \`TASK_QUEUE\` as the worker has them, and no key of Algolia's. In this repository it is \`npm run -s cli -- …\`.

| | |
|---|---|
| input | A \`<json>\` is the text itself, \`@file\`, or \`-\` for standard input. |
| output | Results are on standard output, as a table for people or, with \`--json\`, for programs; progress and remarks are on standard error. |
| exit code | 0 fine · 1 failed · 2 wrong usage, nothing was sent · 3 no such workflow or resource · 4 denied: by an approval, by Algolia (401, 403) or by the Temporal server |
| a name that doesn't exist | is an error that suggests those it may have been meant for |
| waiting | \`start --wait\` shows the step and the numbers of a workflow, and of the child that does the work, until it ends; Ctrl-C ends the waiting, not the workflow |
| completion | \`source <(algolia-ingestion completion bash)\`, or zsh; see [below](#completion) |
`;

/** `docs/cli.md`: the help of every command, as the program prints it. */
export async function cliPage(): Promise<string> {
  const program = await createProgram(Object.keys(commands));
  const sections = leavesOf(program).map(
    (command) => `## ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command).trim()}\n\`\`\`\n`,
  );
  return [INTRODUCTION, ...sections].join('\n');
}

/** The commands that do something, without those that only hold others. */
export const leavesOf = (command: Command): Command[] =>
  command.createHelp().visibleCommands(command).length > 0
    ? command.commands.filter((inner) => !inner.name().startsWith('__')).flatMap(leavesOf)
    : [command];

/** `schedules apply` */
export const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}`.trim() : '';

/** What `--help` prints. */
export function helpOf(command: Command): string {
  let text = '';
  const writeOut = (more: string) => (text += more);
  command.configureOutput({ writeOut, getOutHelpWidth: () => 120, getOutHasColors: () => false }).outputHelp();
  return text;
}
