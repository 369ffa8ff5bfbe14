import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Simulator } from '../../simulator/index.ts';
import { createClient, type AlgoliaClient } from '../../src/algolia/client.ts';
import { configuredApiKeys, type ApiKeys } from '../../src/secrets/api-keys.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';

/** What an activity with a loop of its own is made of, against the simulator or any other server. */
export function activityParts({
  url,
  applicationId = 'DEMOAPP',
  apiKey = 'demo-key',
}: Pick<Simulator, 'url'> & Partial<Simulator>): { client: AlgoliaClient; keys: ApiKeys } {
  const scrubber = createScrubber();
  const client = createClient({
    applicationId,
    hosts: { ingestion: new URL(url), search: new URL(url) },
    reveal: () => Promise.reject(new Error('no secrets here')),
    scrub: scrubber.scrub,
    userAgent: 'test',
  });
  return { client, keys: configuredApiKeys({ value: apiKey }, scrubber) };
}

/** Runs one attempt of an activity; `details` are what the attempt before it left in its heartbeat. */
export function attempt<I, O>(activity: (input: I) => Promise<O>, input: I, details?: unknown) {
  const info = details === undefined ? {} : { attempt: 2, heartbeatDetails: details };
  const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (heartbeat: unknown) => heartbeats.push(heartbeat));
  return {
    result: environment.run<[I], O, typeof activity>(activity, input),
    heartbeats,
    cancel: () => environment.cancel(),
  };
}
