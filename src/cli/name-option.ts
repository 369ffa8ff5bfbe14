import { InvalidArgumentError } from 'commander';

/** Who does it. A variable of a script that is not set would be nobody, whom no approval holds to anything. */
export function nameOption(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('Expected a name.');
}
