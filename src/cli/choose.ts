import { didYouMean } from '../algolia/near-names.ts';
import { CliError, EXIT } from './exit.ts';

/** The name itself if it is one of the known ones; else an error that suggests those it may have been meant for. */
export function choose<N extends string>(kind: string, name: string, known: readonly N[], listedBy: string): N {
  const found = known.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  const hint = didYouMean(name, known) || `\`${listedBy}\` lists them.`;
  throw new CliError(`There is no ${kind} ${name}. ${hint}`, EXIT.usage);
}
