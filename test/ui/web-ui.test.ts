import type { Client } from '@temporalio/client';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasBrowser, launchBrowser } from '../../scripts/browser.ts';
import { startTemporalServer, type TemporalServer } from '../../scripts/temporal-server.ts';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { webUi } from './web-ui.ts';

if (!hasBrowser())
  console.warn('The Web UI is not tested: there is no Chromium. apt-get install chromium, or set CHROMIUM_PATH.');

describe.skipIf(!hasBrowser())('the Temporal Web UI', () => {
  let temporal: TemporalServer;
  let secrets: string;
  let simulator: Simulator;
  let worker: TestWorker;
  let client: Client;
  let browser: Browser;
  let page: Page;
  let ui: ReturnType<typeof webUi>;

  beforeAll(async () => {
    [temporal, simulator, browser] = await Promise.all([
      startTemporalServer({ ui: true }),
      startSimulator(),
      launchBrowser(),
    ]);
    secrets = await mkdtemp(join(tmpdir(), 'secrets-'));
    const environment = { TEMPORAL_ADDRESS: temporal.address, SECRETS_DIR: secrets };
    worker = await startTestWorker({ simulator, environment });
    client = worker.client;
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    ui = webUi(page, temporal.uiUrl as string);
    return () => page.close();
  });
  afterAll(async () => {
    await worker?.stop();
    await rm(secrets, { recursive: true, force: true });
    await Promise.all([browser?.close(), simulator?.stop(), temporal?.stop()]);
  });

  test('starts a workflow with one JSON payload from Start Workflow', async () => {
    await ui.startWorkflow({
      type: 'callOperation',
      id: 'from-the-ui',
      taskQueue: worker.taskQueue,
      input: { operation: 'listSources' },
    });
    await expect(client.workflow.getHandle('from-the-ui').result()).resolves.toMatchObject({ sources: [] });
  });

  test('shows the place of a mistake in the input of a workflow', async () => {
    await ui.startWorkflow({ type: 'syncTask', id: 'mistaken', taskQueue: worker.taskQueue, input: { taskId: 'x' } });
    await expect(client.workflow.getHandle('mistaken').result()).rejects.toThrow('Workflow execution failed');
    await ui.openWorkflow('mistaken');
    await page.getByText('input.taskId: unknown field').first().waitFor();
  });

  test('runs an operation alone from Standalone Activities', async () => {
    await ui.startActivity({ type: 'listSources', id: 'alone', taskQueue: worker.taskQueue, input: {} });
    await expect(client.activity.getHandle('alone').result()).resolves.toMatchObject({ sources: [] });
  });

  test('makes a schedule by hand on the Schedules page, which starts its workflow', async () => {
    await ui.fillInSchedule({
      id: 'by-hand',
      type: 'callOperation',
      taskQueue: worker.taskQueue,
      input: { operation: 'listSources' },
      cron: '0 3 * * *',
    });
    await ui.createSchedule();
    const schedule = client.schedule.getHandle('by-hand');
    const { action, spec } = await schedule.describe();
    expect(action).toMatchObject({ workflowType: 'callOperation', args: [{ operation: 'listSources' }] });
    expect(spec.calendars?.[0]).toMatchObject({ hour: [{ start: 3 }] });
    await schedule.trigger();
    const started = async () => (await schedule.describe()).info.recentActions[0]?.action.workflow.workflowId ?? '';
    await expect.poll(started, { timeout: 150_000 }).toMatch(/^by-hand-20/);
    await expect(client.workflow.getHandle(await started()).result()).resolves.toMatchObject({ sources: [] });
    await schedule.delete();
  });

  test('rotates the API key: started, read, approved by signal and completed in the browser', async () => {
    const acl = ['addObject', 'deleteIndex', 'editSettings'];
    await simulator.control('POST /keys', { key: 'the-next-key', acl });
    await writeFile(join(secrets, 'next'), 'the-next-key\n');
    const id = `algolia-rotate/${simulator.applicationId}`;
    await ui.startWorkflow({
      type: 'rotateApiKey',
      id,
      taskQueue: worker.taskQueue,
      input: { toSecret: 'file:next', emergency: true, overlap: '1s', soak: '1s', requestedBy: 'ana@example.com' },
    });
    const handle = client.workflow.getHandle(id);
    await expect.poll(() => approvalState(client, id), { timeout: 150_000 }).toBe('waiting');

    const details = await ui.currentDetails(id);
    expect(details).toContain('Waiting for approval');
    expect(details).toContain('file:next');
    expect(details).toContain('Send a Signal');
    expect(details).not.toContain('the-next-key');

    await ui.sendSignal(id, 'approve', 'yes');
    expect(await ui.currentDetails(id)).toContain('expected one JSON object such as {"approver": "bob@example.com"');
    await ui.sendSignal(id, 'approve', { approver: 'ana@example.com', comment: 'my own' });
    await ui.sendSignal(id, 'approve', { approver: 'bob@example.com', comment: 'seen in the browser' });
    const result = await handle.result();
    expect(result).toMatchObject({
      outcome: 'left',
      approval: {
        decision: 'approved',
        by: [{ actor: 'bob@example.com', trust: 'declared', comment: 'seen in the browser' }],
        refused: [{ actor: 'unknown' }, { actor: 'ana@example.com', why: 'who asked for it may not approve it' }],
      },
    });
    await ui.openWorkflow(id);
    await page.getByText('Completed').first().waitFor();
  });
});

const approvalState = async (client: Client, id: string) =>
  (
    await client.workflow
      .getHandle(id)
      .query<{ state: string }>('approval')
      .catch(() => ({ state: 'unknown' }))
  ).state;
