import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { begin } from '../../scripts/demo/begin.ts';

let connection: Connection;
let client: Client;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporal').address });
  client = new Client({ connection });
});
afterAll(() => connection?.close());

test('a demo goes on with what one that was stopped half-way has left running, and else begins anew', async () => {
  const said: string[] = [];
  const name = `demo films ${randomUUID()}`;
  const beginning = { client, type: 'connectorPipeline', name, input: {}, summary: 'films', say: said.push.bind(said) };
  const first = await begin(beginning);
  const again = () => begin(beginning).then(({ workflowId }) => workflowId);
  await expect
    .poll(() => client.workflow.count(`WorkflowId = '${first.workflowId}'`), { timeout: 150_000 })
    .toMatchObject({ count: 1 });
  expect(await again()).toBe(first.workflowId);
  expect(said).toEqual([`Going on with ${first.workflowId}, which an earlier demo has begun`]);

  await first.terminate('it is over');
  const running = `WorkflowId = '${first.workflowId}' AND ExecutionStatus = 'Running'`;
  await expect.poll(() => client.workflow.count(running), { timeout: 150_000 }).toMatchObject({ count: 0 });
  const next = await again();
  expect(next).not.toBe(first.workflowId);
  await client.workflow.getHandle(next).terminate('it is over');
});
