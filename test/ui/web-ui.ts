import type { Locator, Page } from 'playwright-core';

/** What a person does in the Temporal Web UI. */
export function webUi(page: Page, uiUrl: string, namespace = 'default') {
  const base = `${uiUrl}/namespaces/${namespace}`;
  const openWorkflow = async (workflowId: string, tab = '') => {
    await page.goto(`${base}/workflows/${encodeURIComponent(workflowId)}`);
    // The address gets the run's id when the workflow is shown.
    await page.waitForURL(/workflows\/[^/]+\/[0-9a-f-]{36}/);
    if (tab) await page.getByText(tab, { exact: true }).first().click();
  };
  /** *Start Workflow* as a deep link opens it. */
  const openStartForm = async ({ type, id, taskQueue }: { type: string; id?: string; taskQueue: string }) => {
    const query = new URLSearchParams({ taskQueue, workflowType: type, ...(id ? { workflowId: id } : {}) });
    // The form fills itself in from the last run of the type; what is typed before it has asked for one is lost.
    const asked = page.waitForResponse((response) => {
      const { pathname, searchParams } = new URL(response.url());
      return pathname.endsWith('/workflows') && (searchParams.get('query') ?? '').includes(type);
    });
    await page.goto(`${base}/workflows/start-workflow?${query.toString()}`);
    await (await asked).finished();
  };
  return {
    openWorkflow,

    openStartForm,
    writeInput: (input: unknown) => write(page.locator('.cm-content').first(), input),

    /** *Start Workflow* with one JSON payload. */
    async startWorkflow(workflow: { type: string; id: string; taskQueue: string; input?: unknown }): Promise<void> {
      await openStartForm(workflow);
      if (workflow.input !== undefined) await write(page.locator('.cm-content').first(), workflow.input);
      await pressUntilDone(page.getByTestId('start-workflow-button'), (timeout) =>
        page.getByText('started successfully').first().waitFor({ timeout }),
      );
    },

    /** The list of workflows under a List Filter. */
    findWorkflows: (query: string) => page.goto(`${base}/workflows?${new URLSearchParams({ query }).toString()}`),

    /** *More Actions* → *Send a Signal*. The page is opened anew, as the dialog of a second signal keeps something of the first. */
    async sendSignal(workflowId: string, signal: string, input: unknown): Promise<void> {
      await openWorkflow(workflowId);
      await page.getByRole('button', { name: 'More Actions' }).click();
      await page.getByRole('menuitem', { name: 'Send a Signal' }).click();
      const dialog = page.locator('dialog[open]');
      await dialog.getByTestId('signal-select-button').click();
      await dialog.getByRole('option', { name: new RegExp(`^${signal}`) }).click();
      await write(dialog.locator('.cm-content').first(), input);
      await pressUntilDone(dialog.getByRole('button', { name: 'Submit' }), (timeout) =>
        dialog.waitFor({ state: 'hidden', timeout }),
      );
    },

    /** The text of *User Metadata* → *Current Details*. */
    async currentDetails(workflowId: string): Promise<string> {
      await openWorkflow(workflowId, 'User Metadata');
      const frame = page.locator('iframe').last().contentFrame();
      // Empty at first: what they say comes by a query to the worker.
      await frame.locator('body', { hasText: /\S/ }).waitFor();
      return frame.locator('body').innerText();
    },

    /** *Schedules* → *Create Schedule*: everything that has to be filled in. */
    async fillInSchedule(schedule: {
      readonly id: string;
      readonly type: string;
      readonly taskQueue: string;
      readonly input: unknown;
      readonly cron: string;
    }): Promise<void> {
      await page.goto(`${base}/schedules/create`);
      await page.getByLabel('Schedule Name').fill(schedule.id);
      await page.getByLabel('Workflow Type').fill(schedule.type);
      await page.getByLabel('Workflow ID').fill(schedule.id);
      await page.getByLabel('Task Queue').fill(schedule.taskQueue);
      await write(page.locator('.cm-content').first(), schedule.input);
      await page.getByPlaceholder('* * * * *').fill(schedule.cron);
    },

    async createSchedule(): Promise<void> {
      await pressUntilDone(page.getByTestId('create-schedule-button'), (timeout) =>
        page.waitForURL((url) => url.pathname.includes('/schedules') && !url.pathname.endsWith('/create'), { timeout }),
      );
    },

    /** *Start Standalone Activity*. */
    async startActivity(activity: { type: string; id: string; taskQueue: string; input?: unknown }): Promise<void> {
      const query = new URLSearchParams({
        activityId: activity.id,
        activityType: activity.type,
        taskQueue: activity.taskQueue,
        startToCloseTimeout: '30s',
      });
      await page.goto(`${base}/activities/start?${query.toString()}`);
      if (activity.input !== undefined) await write(page.locator('.cm-content').first(), activity.input);
      await pressUntilDone(page.getByRole('button', { name: 'Start Standalone Activity' }), (timeout) =>
        page.getByText('Activity execution started').first().waitFor({ timeout }),
      );
    },
  };
}

/** Until it stands there: an editor that has just appeared may lose what is typed. */
function write(editor: Locator, value: unknown): Promise<void> {
  const text = JSON.stringify(value, null, 2);
  return withMorePatience(async (timeout) => {
    await editor.click();
    await editor.press('Control+a');
    await editor.page().keyboard.insertText(text);
    await editor
      .page()
      .waitForFunction(
        ({ element, wanted }) => element?.textContent?.replaceAll(/\s/g, '') === wanted,
        { element: await editor.elementHandle(), wanted: text.replaceAll(/\s/g, '') },
        { timeout },
      );
  });
}

/**
 * The editor reformats when it loses the focus, and the first click may then miss the button that moved away. A click that did what it
 * should, only slowly, has taken the button with it.
 */
const pressUntilDone = (button: Locator, done: (timeout: number) => Promise<unknown>): Promise<void> =>
  withMorePatience(async (timeout) => {
    await button.click({ timeout }).catch(() => undefined);
    await done(timeout);
  });

/** What was lost shows soon, and what is slow on a busy machine is waited for in the end. */
async function withMorePatience(work: (timeout: number) => Promise<void>): Promise<void> {
  for (const timeout of [3_000, 10_000]) {
    try {
      return await work(timeout);
    } catch {
      // Once more.
    }
  }
  await work(60_000);
}
