import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../src/activities/index.ts';
import { configuredApiKeys } from '../../src/secrets/api-keys.ts';
import { createScrubber } from '../../src/secrets/scrubber.ts';

/** A worker in a process of its own, for a test to kill: `activity-worker.ts <temporal address> <namespace> <task queue> <Algolia's origin>`. */
const [address = '', namespace = '', taskQueue = '', origin = ''] = process.argv.slice(2);
const scrubber = createScrubber();
const url = new URL(origin);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  namespace,
  taskQueue,
  activities: createActivities({
    applicationId: 'APP1',
    hosts: { ingestion: url, search: url },
    keys: configuredApiKeys({ value: 'a-key-of-the-other-process' }, scrubber),
    reveal: () => Promise.reject(new Error('no secrets here')),
    scrub: scrubber.scrub,
    userAgent: 'test',
  }),
});
await worker.run();
