import type { Client } from '@temporalio/client';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hasBrowser, launchBrowser } from '../../scripts/browser.ts';
import { startTemporalServer, type TemporalServer } from '../../scripts/temporal-server.ts';
import * as workflows from '../../src/workflows/index.ts';
import { codeSpans, matchesOf, pagePaths, readPage } from '../docs/pages.ts';
import { workflowExamples } from '../docs/workflow-examples.ts';
import { exampleId, settled } from '../setup/example-settled.ts';
import { startExampleWorld, type ExampleWorld } from '../setup/example-world.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { webUi } from './web-ui.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** Start by themselves, and are not to be started by hand. */
const BY_THEMSELVES = ['alertBook', 'keyRing'];
const examples = [...workflowExamples()].map(([type, [input]]) => ({ type, input }));
/** As the docs write the Web UI's address. */
const DEEP_LINK = /(http:\/\/(?:localhost|127\.0\.0\.1):8233\/[^\s)`<>]*)/g;

test('each workflow type is started in the browser, with the first example of its section', () => {
  const types = examples.filter(({ input }) => input !== undefined).map(({ type }) => type);
  expect([...types, ...BY_THEMSELVES].toSorted()).toEqual(Object.keys(workflows).toSorted());
});

describe.skipIf(!hasBrowser())('in the Temporal Web UI', () => {
  let temporal: TemporalServer;
  let world: ExampleWorld;
  let worker: TestWorker;
  let client: Client;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let ui: ReturnType<typeof webUi>;

  beforeAll(async () => {
    [temporal, world, browser] = await Promise.all([
      startTemporalServer({ ui: true }),
      startExampleWorld(),
      launchBrowser(),
    ]);
    worker = await startTestWorker({
      simulator: world.simulator,
      environment: { TEMPORAL_ADDRESS: temporal.address, ...world.environment },
    });
    client = worker.client;
    // One for all: what a page of it has loaded, the next one has.
    context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
    context.setDefaultTimeout(60_000);
  });
  beforeEach(async () => {
    page = await context.newPage();
    ui = webUi(page, temporal.uiUrl as string);
    return () => page.close();
  });
  afterAll(async () => {
    await worker?.stop();
    await Promise.all([browser?.close(), world?.stop(), temporal?.stop()]);
  });

  test.each(examples)('$type is started, says what it is doing, and can be rejected where it asks', async (example) => {
    const { type, input } = example;
    const { taskQueue } = worker;
    const id = exampleId(type, type, world.simulator.applicationId);
    await ui.startWorkflow({ type, id, taskQueue, input: world.realize(input) });
    const handle = client.workflow.getHandle(id);
    const state = await settled(handle);
    expect(await ui.currentDetails(id)).not.toMatch(/undefined|\[object|NaN/);
    if (state === 'asked') await ui.sendSignal(id, 'reject', { approver: 'bob@example.com', comment: 'not today' });
    if (state === 'waits') await handle.cancel();
    const failure = await handle.result().then(
      () => undefined,
      (error: Error) => (error.cause as { type?: string }).type ?? (error.cause as Error).name,
    );
    const denied = state === 'waits' ? 'CancelledFailure' : 'ApprovalDenied';
    // Of a rotation, a denial is an answer.
    expect(failure).toBe(state === 'closed' || type === 'rotateApiKey' ? undefined : denied);
  });

  test('workflows are found by search attributes, and a query in an address is a filter', async () => {
    const id = `changeSource/${world.simulator.applicationId}`;
    await vi.waitFor(
      async () => {
        const { count } = await client.workflow.count(`ApprovalState = 'rejected' AND WorkflowId = '${id}'`);
        expect(count).toBe(1);
      },
      { timeout: 150_000 },
    );
    await ui.findWorkflows("ApprovalState='rejected'");
    await page.getByRole('link', { name: id, exact: true }).first().waitFor();
    expect(
      await page.getByRole('link', { name: `syncTask/${world.simulator.applicationId}`, exact: true }).count(),
    ).toBe(0);
    await ui.findWorkflows("Outcome='success'");
    await page
      .getByRole('link', { name: `syncTask/${world.simulator.applicationId}`, exact: true })
      .first()
      .waitFor();
  });

  test('the form of a type opens with the input of its last run', async () => {
    await ui.openStartForm({ type: 'callOperation', taskQueue: worker.taskQueue });
    await page.locator('.cm-content', { hasText: '"listRuns"' }).first().waitFor();
  });

  test('every deep link that the docs give leads to what it says', async () => {
    const links = pagePaths
      .map(readPage)
      .flatMap((docs) => [
        ...matchesOf(docs.prose, DEEP_LINK),
        ...docs.blocks.flatMap(({ text }) => matchesOf(text, DEEP_LINK)),
        ...codeSpans(docs).flatMap(({ text }) => matchesOf(text, DEEP_LINK)),
      ]);
    const addresses = [...new Set(links.map(({ text }) => text))].map((link) => new URL(link));
    expect(addresses.length).toBeGreaterThan(2);
    for (const address of addresses) {
      await page.goto(`${temporal.uiUrl}${address.pathname}${address.search}`);
      await page.getByRole('heading').first().waitFor();
      expect(await page.getByText(/not found|something went wrong/i).count()).toBe(0);
      const type = address.searchParams.get('workflowType') ?? address.searchParams.get('activityType');
      if (type) await page.locator(`input[value="${type}"]`).or(page.getByLabel(/Type/)).first().waitFor();
    }
  });
});
