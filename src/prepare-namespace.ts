import type { Logger, NativeConnection } from '@temporalio/worker';
import type { Config } from './config.ts';
import { messageOf } from './message-of.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

/**
 * Workflows fail their first task, and try again, until the namespace knows what they are found by. So a worker sees to that when
 * it starts; where it may not, it says what is to be done, and starts all the same.
 */
export async function prepareNamespace(
  { temporal: { namespace } }: Config,
  { operatorService }: NativeConnection,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<void> {
  try {
    const { registered } = await registerSearchAttributes(operatorService, namespace);
    if (registered.length > 0)
      logger.info(`namespace ${namespace}: registered the search attributes ${registered.join(', ')}`);
  } catch (error) {
    logger.warn(
      `namespace ${namespace}: can't see to its search attributes (${messageOf(error)}). Workflows wait until it has these, as Keyword: ${SEARCH_ATTRIBUTES.join(', ')}`,
    );
  }
}
