import type { Destination } from '../resources/resource.ts';
import type { World } from '../world.ts';
import { SourceProblem } from './source-problem.ts';

/**
 * A destination that writes to this application with a key that was revoked or has expired doesn't ingest any more.
 * Keys that the simulator has never heard of pass: not every test cares to make them.
 */
export function checkDestinationKey(world: World, { authenticationID }: Destination): void {
  const found = authenticationID === undefined ? undefined : world.authentications.get(authenticationID);
  if (found?.type !== 'algolia' || found.input.appID !== world.applicationId) return;
  const { apiKey = '' } = found.input;
  const key = world.keys.get(apiKey);
  if (world.keys.wasDeleted(apiKey) || (key && !world.keys.isUsable(key)))
    throw new SourceProblem('the destination refused the records: Invalid Application-ID or API key');
  if (key && !key.acl.includes('addObject'))
    throw new SourceProblem('the destination refused the records: Method not allowed with this API key');
}
