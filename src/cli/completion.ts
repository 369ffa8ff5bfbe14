import { Argument, type Command } from 'commander';
import { completionScripts, type Shell } from './completion-scripts.ts';
import { addExamples } from './examples.ts';
import { print } from './output.ts';

export function addCompletionCommand(program: Command): void {
  const command = program
    .command('completion')
    .description(
      'Prints a script that completes commands, options, operations, workflow types and files. It asks the program itself, so it\nneeds no renewal. `algolia-ingestion` must be on the PATH.',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(completionScripts)))
    .action((shell: Shell) => print(completionScripts[shell].trimEnd()));
  addExamples(command, [
    `echo 'source <(algolia-ingestion completion bash)' >> ~/.bashrc`,
    `echo 'source <(algolia-ingestion completion zsh)' >> ~/.zshrc   # after compinit`,
    'algolia-ingestion completion fish > ~/.config/fish/completions/algolia-ingestion.fish',
  ]);
}
