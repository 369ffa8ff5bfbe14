import { InvalidArgumentError } from 'commander';

export function portOption(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port: 0 to 65535.');
}
