import type { Client } from '@temporalio/client';
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
    worker = await startTestWorker({ simulator, environment: { TEMPORAL_ADDRESS: temporal.address } });
    client = worker.client;
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    ui = webUi(page, temporal.uiUrl as string);
    return () => page.close();
  });
  afterAll(async () => {
    await worker?.stop();
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
});
