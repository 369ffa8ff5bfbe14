import { randomUUID } from 'node:crypto';
import { provisionConnector, type ProvisionConnectorInput } from '../../../src/workflows/provision-connector.ts';
import { inventory } from '../../setup/connector.ts';
import { failureOf } from '../../setup/decide.ts';
import type { Effect } from './endings.ts';
import type { Cell } from './run-cell.ts';
import type { Stage } from './stage.ts';

let cells = 0;

/** A connector in the making whose try of the transformation, whose create of the source, or whose undoing meets a fault. */
export async function provisionCell({ simulator, records, hasty, taskQueue }: Stage, effect: Effect): Promise<Cell> {
  const name = `provision-${randomUUID()}`;
  const { world } = simulator;
  const failureThreshold = (cells += 1);
  const input: ProvisionConnectorInput = {
    name,
    authentication: { type: 'basic', input: { username: 'shop', password: { $secret: 'env:SECRET_SHOP' } } },
    source: { type: 'json', input: { url: records.url } },
    ...(effect === 'read' ? { transformation: transformationOf(name) } : {}),
    destination: { type: 'search', input: { indexName: name } },
    task: { action: 'replace', failureThreshold },
  };
  const operation = { read: 'tryTransformation', idempotent: 'deleteSource', once: 'createSource' }[effect];
  if (effect === 'idempotent')
    await simulator.control('POST /faults', {
      operation: 'createTask',
      kind: 'status',
      status: 400,
      match: { failureThreshold },
    });
  // The source itself may be gone by the time it is asked about.
  const sourceOf = () => {
    const bodies = world.requests.list({ operation: 'createTask' }).map(({ body }) => body as Record<string, unknown>);
    return bodies.find((body) => body.failureThreshold === failureThreshold)?.sourceID as string | undefined;
  };
  let sourceID: string | undefined;
  const names = (text: string) => {
    sourceID ??= sourceOf();
    return text.includes(name) || (sourceID !== undefined && text.includes(sourceID));
  };
  return {
    subject: { operation, names },
    async run() {
      const handle = await hasty.workflow.start(provisionConnector, {
        taskQueue,
        workflowId: name,
        args: [input],
      });
      const failure = await handle.result().then(
        () => undefined,
        () => failureOf(handle),
      );
      const { runs: _runs, ...counts } = await inventory(simulator, name);
      const { transformations, ...others } = counts;
      if (!failure) {
        const wanted =
          Object.values(others).every((count) => count === 1) && transformations === (effect === 'read' ? 1 : 0);
        return wanted ? 'done; one of each' : `done; ${JSON.stringify(counts)}`;
      }
      const left = Object.entries(counts).filter(([, count]) => count > 0);
      const told = JSON.stringify(failure.details ?? []).includes('leftBehind');
      return `fails: ${failure.type}; ${left.length > 0 ? `${left.map(([kind]) => kind).join(', ')} left` : 'nothing left'}${told ? ', told' : ''}`;
    },
  };
}

const transformationOf = (name: string) => ({
  type: 'code' as const,
  input: { code: `async function transform(record) { return { ...record, of: '${name}' }; }` },
  tryOn: [{ of: name }],
});
