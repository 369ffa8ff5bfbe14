import type { Command } from 'commander';
import { CONFIGURED, firstRing, keyRingId, type HeldKey, type KeyRingState } from '../secrets/key-ring-state.ts';
import { findKeyRing } from '../secrets/read-key-ring.ts';
import { applicationOf } from './application.ts';
import { addExamples } from './examples.ts';
import { print, printJson, table } from './output.ts';
import { withTemporal, type Session } from './temporal.ts';

export function addKeyStatusCommand(key: Command): void {
  const command = key
    .command('status')
    .summary('show which key is current')
    .option(
      '--json',
      'print {workflowId, exists, epoch, current, previous?, overlap, pending?, rotation?, confirmed, refusedTo, changes}',
    )
    .action(async ({ json }: { json?: true }) => {
      const ring = await withTemporal(readKeyRing);
      if (json) return printJson(ring);
      print(
        table(
          ['key ring', ring.exists ? ring.workflowId : `${ring.workflowId} (begins with the first rotation)`],
          rowsOf(ring),
        ),
      );
    });
  addExamples(command, ['algolia-ingestion key status', 'algolia-ingestion key status --json']);
}

type KeyRing = KeyRingState & { readonly workflowId: string; readonly exists: boolean };

/** From the memo, as workers read it: it takes no worker to answer. */
async function readKeyRing(session: Session): Promise<KeyRing> {
  const applicationId = applicationOf(session);
  const found = await findKeyRing(session.client, applicationId);
  return { workflowId: keyRingId(applicationId), exists: found !== undefined, ...firstRing, ...found?.state };
}

function rowsOf({
  epoch,
  current,
  previous,
  overlap,
  pending,
  rotation,
  confirmed,
  refusedTo,
  changes,
}: KeyRing): string[][] {
  const last = changes.at(-1);
  return [
    ['epoch', String(epoch)],
    ['current', describeKey(current)],
    ...(previous ? [['previous', `${describeKey(previous)}${overlap ? ', counts too' : ', counts no longer'}`]] : []),
    ...(pending ? [['pending', describeKey(pending)]] : []),
    ...(rotation ? [['rotation', rotation.workflowId]] : []),
    ...(overlap
      ? [['workers', `${confirmed.length} use the current key only, ${refusedTo.length} were refused with it`]]
      : []),
    ...(last ? [['last change', `${last.at}: ${last.from} → ${last.to}, by ${last.by}`]] : []),
  ];
}

function describeKey({ reference, fingerprint }: HeldKey): string {
  const what = reference === CONFIGURED ? "the one in each worker's configuration" : reference;
  return fingerprint ? `${what} (fingerprint ${fingerprint})` : what;
}
