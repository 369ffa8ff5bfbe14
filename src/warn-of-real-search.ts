import type { Logger } from '@temporalio/worker';
import type { Config } from './config.ts';
import { isLoopback } from './secure-url.ts';

/** Who tries the worker on a simulator, and forgets this, replaces real indices and revokes real keys. */
export function warnOfRealSearch(
  { ingestionUrl, searchUrl }: Pick<Config, 'ingestionUrl' | 'searchUrl'>,
  logger: Pick<Logger, 'warn'>,
): void {
  if (isLoopback(ingestionUrl.hostname) && !isLoopback(searchUrl.hostname))
    logger.warn(
      `ALGOLIA_INGESTION_URL is on this machine, but indices and keys are those of ${searchUrl.origin}: set ALGOLIA_SEARCH_URL if they should not be`,
    );
}
