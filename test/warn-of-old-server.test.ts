import { NativeConnection } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { warnOfOldServer } from '../src/warn-of-old-server.ts';

const deployment = { name: 'algolia-ingestion', buildId: '1' };

async function warnings(connection: unknown, config: Parameters<typeof warnOfOldServer>[0]): Promise<string[]> {
  const said: string[] = [];
  const warn = (message: string) => void said.push(message);
  await warnOfOldServer(config, connection as NativeConnection, { warn });
  return said;
}

const says = (serverVersion: string) => ({ workflowService: { getSystemInfo: async () => ({ serverVersion }) } });

test('a worker says that the server is too old, and for what', async () => {
  expect(await warnings(says('1.25.1'), { deployment: undefined })).toEqual([
    'Temporal server 1.25.1 is too old: watchConnectors and rotateApiKey get stuck. That takes 1.26 or newer',
  ]);
  expect(await warnings(says('1.27.3'), { deployment })).toEqual([
    'Temporal server 1.27.3 is too old: a worker with a DEPLOYMENT_NAME may be given nothing. That takes 1.28 or newer',
  ]);
  expect(await warnings(says('1.9.0'), { deployment })).toHaveLength(2);
});

test.for(['1.26.2', '1.100.0', '2.0.0', 'cloud', ''])('there is nothing to say of a server %s', async (version) => {
  expect(await warnings(says(version), { deployment: undefined })).toEqual([]);
});

test('the server of the tests is new enough for everything', async () => {
  const connection = await NativeConnection.connect({ address: inject('temporal').address });
  try {
    expect(await warnings(connection, { deployment })).toEqual([]);
  } finally {
    await connection.close();
  }
});
