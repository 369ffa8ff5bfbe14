import { loadTemporalConfig } from '../config.ts';
import type { Session } from './temporal.ts';

/** The development server serves its Web UI on the port a thousand above its own. */
const UI_PORT_ABOVE = 1_000;

/** Where people see a workflow; undefined when nobody has said where the Web UI is, and it can't be guessed. */
export function workflowUrl({ client, config }: Session, workflowId: string): string | undefined {
  const base = config.webUiUrl ?? developmentUi(loadTemporalConfig().connectionOptions.address ?? 'localhost:7233');
  if (base === undefined) return undefined;
  const { namespace } = client.options;
  return `${base}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}

function developmentUi(address: string): string | undefined {
  const [, host, port] = /^(localhost|127\.0\.0\.1):(\d+)$/.exec(address) ?? [];
  return host === undefined ? undefined : `http://${host}:${Number(port) + UI_PORT_ABOVE}`;
}
