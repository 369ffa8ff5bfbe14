import { Client, Connection } from '@temporalio/client';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { movies } from './demo-connectors.ts';
import { startServices, STATE_DIR, TASK_QUEUE } from './services.ts';

const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
const SIZE = { width: 1440, height: 1200 };

/** Takes the pictures of the docs anew, from the real Web UI. */
async function main(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const services = await startServices({ workerLog: { file: join(STATE_DIR, 'screenshots.log') } });
  const browser = await launchBrowser();
  try {
    const connection = await Connection.connect({ address: services.temporal.address });
    const client = new Client({ connection, namespace: services.temporal.namespace });
    const workflowId = 'provision-movies';
    await client.workflow.execute('provisionConnector', {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [{ ...movies(services.data.url), firstSync: { enabled: true } }],
      staticSummary: 'films from a JSON feed',
    });
    const page = await browser.newPage({ viewport: SIZE });
    await page.goto(`${services.temporal.uiUrl}/namespaces/default/workflows/${workflowId}`);
    await page.getByText('provisionConnector').first().waitFor();
    await settled(page);
    await page.screenshot({ path: join(IMAGES, 'provision-connector.png') });
    await connection.close();
  } finally {
    await browser.close();
    await services.stop();
  }
}

/** The timeline draws itself after the data has come. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(1_000);
}

await main();
