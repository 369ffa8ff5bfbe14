import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type History = temporal.api.history.v1.IHistory;

/** Every history of a task queue, by workflow id. */
export async function historiesOf(client: Client, taskQueue: string): Promise<Map<string, History>> {
  const histories = new Map<string, History>();
  for await (const { workflowId, runId } of client.workflow.list({ query: `TaskQueue='${taskQueue}'` }))
    histories.set(workflowId, await client.workflow.getHandle(workflowId, runId).fetchHistory());
  return histories;
}

/** All that stands in a history, payloads decoded: to search it. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([name, item]) => `${name} ${textOf(item)}`)
    .join('\n');
}

/** The ways in which a secret may stand in a text. */
export function formsOf(secret: string): string[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    // Among other bytes the first and last characters depend on the neighbours.
    ...['', '1', '12'].map((before) => base64(before + secret).slice(before.length === 0 ? 0 : 4, -2)),
  ];
}
