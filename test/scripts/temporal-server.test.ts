import { Client, Connection } from '@temporalio/client';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, test } from 'vitest';
import { findTemporalCli } from '../../scripts/temporal-cli.ts';
import { startTemporalServer } from '../../scripts/temporal-server.ts';
import { SEARCH_ATTRIBUTES } from '../../src/search-attributes.ts';

const scratchDir = mkdtempSync(join(tmpdir(), 'temporal-server-test-'));
afterAll(() => rmSync(scratchDir, { recursive: true }));

test('the server of this test run is healthy and knows every search attribute the workflows set', async () => {
  const { address, namespace } = inject('temporal');
  const connection = await Connection.connect({ address });
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  expect(namespaceInfo?.name).toBe(namespace);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const KEYWORD = 2;
  for (const name of SEARCH_ATTRIBUTES) expect(customAttributes).toHaveProperty(name, KEYWORD);
  await connection.close();
});

test('the CLI that was found is one that runs', async () => {
  expect(execFileSync(await findTemporalCli(), ['--version'], { encoding: 'utf8' })).toMatch(/temporal version/);
});

test('a server with a file keeps what it knew across a restart, serves the Web UI, and is gone after stop', async () => {
  const dbFile = join(scratchDir, 'temporal.sqlite');
  const first = await startTemporalServer({ dbFile });
  expect((await fetch(first.uiUrl!)).status).toBe(200);
  const { client, close } = await connect(first.address);
  await client.workflow.start('nobodyRunsThis', { taskQueue: 'none', workflowId: 'kept' });
  await close();
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);

  const second = await startTemporalServer({ dbFile, ui: false });
  const again = await connect(second.address);
  expect((await again.client.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
  await again.close();
  await second.stop();
});

test('a port in use is an error, even if a healthy Temporal server is what uses it', async () => {
  const port = Number(inject('temporal').address.split(':')[1]);
  await expect(startTemporalServer({ port, ui: false })).rejects.toThrow(`Port ${port} cannot be had`);
});

test('a server that cannot start says why', async () => {
  const dbFile = join(scratchDir, 'not-a-database');
  writeFileSync(dbFile, 'plain text '.repeat(1000));
  await expect(startTemporalServer({ dbFile, ui: false })).rejects.toThrow(/did not become healthy[^]*not a database/);
});

test('the server ends with the process that started it, even if nobody stopped it', async () => {
  const module = fileURLToPath(new URL('../../scripts/temporal-server.ts', import.meta.url));
  const program = `
    import { startTemporalServer } from ${JSON.stringify(module)};
    const { pid } = await startTemporalServer({ ui: false });
    process.stdout.write(String(pid));`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program]);
  let pid = '';
  parent.stdout.setEncoding('utf8').on('data', (text: string) => (pid += text));
  await once(parent, 'close');
  expect(Number(pid)).toBeGreaterThan(0);
  await expect.poll(() => isAlive(Number(pid)), { timeout: 150_000 }).toBe(false);
});

async function connect(address: string): Promise<{ client: Client; close: () => Promise<void> }> {
  const connection = await Connection.connect({ address });
  return { client: new Client({ connection }), close: () => connection.close() };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // In a container without an init, an ended orphan stays in the table as a zombie.
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(execFileSync('cat', [stat], { encoding: 'utf8' }));
}
