import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { register } from 'tsx/cjs/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, launchBrowser } from '../../scripts/browser.ts';
import { startTemporalServer, type TemporalServer } from '../../scripts/temporal-server.ts';
import { startSimulator, type Simulator } from '../../simulator/index.ts';
import { codecKeys } from '../../src/codec/codec-keys.ts';
import { startCodecServer, type CodecServer } from '../../src/codec/codec-server.ts';
import { createDataConverter } from '../../src/codec/data-converter.ts';
import { sharedWorkflows } from '../../src/workflow-bundle.ts';
import { startTestWorker, type TestWorker } from '../setup/start-worker.ts';
import { webUi } from './web-ui.ts';

const KEYS = `k1:${randomBytes(32).toString('base64')}`;
const keys = codecKeys.parse(KEYS);
const MARKER = 'swordfish-marker';

describe.skipIf(!hasBrowser())('the Temporal Web UI with a codec server', () => {
  // The SDK loads a failure converter with `require`, which knows TypeScript under tsx and not under vitest.
  const unregister = register();
  let codec: CodecServer;
  let temporal: TemporalServer;
  let simulator: Simulator;
  let worker: TestWorker;
  let client: Client;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    codec = await startCodecServer({ keys });
    [temporal, simulator, browser] = await Promise.all([
      startTemporalServer({ ui: true, uiCodecEndpoint: codec.url }),
      startSimulator(),
      launchBrowser(),
    ]);
    const dataConverter = createDataConverter(keys) as { failureConverterPath: string };
    const logger = new DefaultLogger('WARN');
    worker = await startTestWorker({
      simulator,
      environment: { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_CODEC_KEYS: KEYS },
      overrides: {
        workflowBundle: await bundleWorkflowCode({
          ...sharedWorkflows(),
          failureConverterPath: dataConverter.failureConverterPath,
          logger,
        }),
      },
    });
    client = new Client({ ...worker.client.options, dataConverter });
    page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  });
  afterAll(async () => {
    unregister();
    await worker?.stop();
    await Promise.all([browser?.close(), simulator?.stop(), temporal?.stop(), codec?.stop()]);
  });

  test('what is typed there is stored encrypted, and what is stored is shown readable', async () => {
    const ui = webUi(page, temporal.uiUrl as string);
    const id = 'encrypted-from-the-ui';
    await ui.startWorkflow({
      type: 'callOperation',
      id,
      taskQueue: worker.taskQueue,
      input: { operation: 'listSources', reason: MARKER },
    });
    const handle = client.workflow.getHandle(id);
    expect(await handle.result()).toMatchObject({ sources: [] });
    const stored = Buffer.from(proto.temporal.api.history.v1.History.encode(await handle.fetchHistory()).finish());
    expect(stored.includes('binary/encrypted')).toBe(true);
    expect(stored.includes(MARKER)).toBe(false);

    await ui.openWorkflow(id);
    await page.getByText(MARKER).first().waitFor();
    expect(await ui.currentDetails(id)).toContain(MARKER);
  });
});
