import type { Command } from 'commander';
import { addKeyRotateCommand } from './key-rotate.ts';
import { addKeyStatusCommand } from './key-status.ts';

export function addKeyCommand(program: Command): void {
  const key = program
    .command('key')
    .description(
      'The key of the application that ALGOLIA_APPLICATION_ID names. Keys are named by reference; a value is never shown.',
    );
  addKeyStatusCommand(key);
  addKeyRotateCommand(key);
}
