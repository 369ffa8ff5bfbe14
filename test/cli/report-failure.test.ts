import { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { startTemporalServer } from '../../scripts/temporal-server.ts';
import { reportFailure } from '../../src/cli/report-failure.ts';

test('a server that runs no activity without a workflow is told of, with the version that does', async () => {
  const server = await startTemporalServer({
    ui: false,
    extraDynamicConfig: { 'activity.enableStandalone': false },
  });
  const connection = await Connection.connect({ address: server.address });
  try {
    const { activity } = new Client({ connection });
    const call = activity.start('listSources', { id: 'call', taskQueue: 'any', args: [], startToCloseTimeout: '1m' });
    const report = reportFailure(await call.catch((error: unknown) => error));
    expect(report.exitCode).toBe(1);
    expect(report.message).toMatch(/^Temporal: Standalone activity is disabled\. The server is too old .* 1\.32/);
  } finally {
    await connection.close();
    await server.stop();
  }
});
