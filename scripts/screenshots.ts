import { Client, Connection } from '@temporalio/client';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { webUi } from '../test/ui/web-ui.ts';
import { rotateApiKeyId } from '../src/workflows/rotate-api-key.ts';
import { askedApproval } from './asked-approval.ts';
import { launchBrowser } from './browser.ts';
import { movies } from './demo/connectors.ts';
import { APPLICATION_ID, startServices, STATE_DIR, TASK_QUEUE } from './services.ts';
import { until } from './until.ts';

const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
/** The page draws itself after its data has come, and says nowhere that it has. */
const SETTLED_MS = 2_500;
const SIZE = { width: 1440, height: 1200 };

/** Takes the pictures of the docs anew, from the real Web UI: `npm run screenshots`. */
async function main(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  // What an earlier call has minted; a key is never overwritten.
  rmSync(join(STATE_DIR, 'secrets', 'algolia-v8'), { force: true });
  const services = await startServices({ workerLog: { file: join(STATE_DIR, 'screenshots.log') } });
  const browser = await launchBrowser();
  const connection = await Connection.connect({ address: services.temporal.address });
  try {
    const client = new Client({ connection, namespace: services.temporal.namespace });
    const page = await browser.newPage({ viewport: SIZE });
    const films = movies(services.data.url);
    const ui = webUi(page, services.temporal.uiUrl ?? '');
    const workflows = `${services.temporal.uiUrl}/namespaces/default/workflows`;
    const rotation = rotateApiKeyId(APPLICATION_ID);
    const open = async (workflowId: string, tab = 'Timeline') => {
      await page.goto(`${workflows}/${encodeURIComponent(workflowId)}`);
      await page.getByText(tab, { exact: true }).first().click();
      await page.waitForTimeout(SETTLED_MS);
    };
    const untilAsked = (workflowId: string) => until(() => askedApproval(client.workflow.getHandle(workflowId)));
    const take = (name: string) => page.screenshot({ path: join(IMAGES, `${name}.png`) });

    await client.workflow.execute('provisionConnector', {
      taskQueue: TASK_QUEUE,
      staticSummary: films.reason,
      workflowId: 'provision-movies',
      args: [{ ...films, firstSync: { enabled: true } }],
    });
    await open('provision-movies');
    await take('provision-connector');

    await page.setViewportSize({ ...SIZE, height: 1_000 });
    await ui.openStartForm({ type: 'connectorPipeline', taskQueue: TASK_QUEUE, id: 'films' });
    await ui.writeInput({
      name: 'films',
      source: { type: 'json', input: { url: films.source.input.url } },
      destination: { type: 'search', input: { indexName: 'films' } },
      task: films.task,
    });
    await page.waitForTimeout(SETTLED_MS);
    await take('start-workflow');

    await client.workflow.start('connectorPipeline', {
      taskQueue: TASK_QUEUE,
      workflowId: 'films',
      staticSummary: 'films from a JSON feed',
      args: [{ ...films, name: 'films', destination: { type: 'search', input: { indexName: 'films' } } }],
    });
    await untilAsked('films');
    await page.goto(`${workflows}?${new URLSearchParams({ query: "ApprovalState='waiting'" }).toString()}`);
    await page.getByRole('link', { name: 'films', exact: true }).first().waitFor();
    await page.setViewportSize({ ...SIZE, height: 420 });
    await page.waitForTimeout(SETTLED_MS);
    await take('find-waiting');
    await ui.sendSignal('films', 'approve', { approver: 'bob@example.com', comment: 'looks right' });
    await client.workflow.getHandle('films').result();
    await page.setViewportSize({ ...SIZE, height: 1_000 });
    await open('films');
    await take('pipeline-done');

    await page.setViewportSize({ ...SIZE, height: 2_000 });
    await ui.fillInSchedule({
      id: 'nightly-movies',
      type: 'syncTask',
      taskQueue: TASK_QUEUE,
      input: { taskID: '6c02aeb1-775e-418e-870b-1faccd4b2c0f', onEmpty: 'fail' },
      cron: '0 3 * * *',
    });
    await page.waitForTimeout(SETTLED_MS);
    await take('create-schedule');

    await client.workflow.start('rotateApiKey', {
      taskQueue: TASK_QUEUE,
      staticSummary: 'quarterly rotation of the API key',
      workflowId: rotation,
      args: [{ toSecret: 'file:algolia-v8', mint: 'algolia', requestedBy: 'ana@example.com', reason: 'quarterly' }],
    });
    await untilAsked(rotation);
    await page.setViewportSize({ ...SIZE, height: 1_900 });
    await open(rotation, 'User Metadata');
    await take('approval');
    await page.setViewportSize({ ...SIZE, height: 1_000 });
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: 'Send a Signal' }).click();
    await page.locator('dialog[open]').getByTestId('signal-select-button').click();
    await page.waitForTimeout(SETTLED_MS);
    await take('send-a-signal');
    await client.workflow.getHandle(rotation).terminate('the picture is taken');
  } finally {
    await connection.close();
    await browser.close();
    await services.stop();
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();
