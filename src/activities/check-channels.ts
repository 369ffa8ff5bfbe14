import { ApplicationFailure } from '@temporalio/activity';
import type { Channel } from '../approvals/channel.ts';
import { didYouMean } from '../algolia/near-names.ts';

/** Fails at once if there is no such channel: better now than when there is something to tell. */
export function createCheckChannels(channels: Readonly<Record<string, Channel>>) {
  return async function checkChannels({ names }: { names: readonly string[] }): Promise<void> {
    const unknown = names.filter((name) => !Object.hasOwn(channels, name));
    if (unknown.length === 0) return;
    const known = Object.keys(channels);
    throw ApplicationFailure.nonRetryable(
      `input.alert: there is no channel '${unknown.join("', '")}' in the approval policies of this worker; it has ${known.join(', ') || 'none'}. ${didYouMean(unknown[0] ?? '', known)}`.trimEnd(),
      'InvalidInput',
    );
  };
}
