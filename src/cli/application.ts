import { CliError, EXIT } from './exit.ts';
import type { Session } from './temporal.ts';

/** The application that a command is about, where it is about one. */
export function applicationOf({ config }: Session): string {
  if (config.applicationId !== undefined) return config.applicationId;
  throw new CliError('ALGOLIA_APPLICATION_ID: not set: the application whose key is meant', EXIT.usage);
}
