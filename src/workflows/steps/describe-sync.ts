import type { SyncTaskStatus } from '../sync-task.ts';
import { code, plain } from './plain-text.ts';

const MAX_FAILURES_SHOWN = 5;

/** A sync in Markdown, for the Web UI's Current Details. */
export function describeSync(status: SyncTaskStatus): string {
  const {
    taskID,
    phase,
    verdict,
    reason,
    runID,
    progress,
    deadline,
    events,
    failures = [],
    remoteStillRunning,
  } = status;
  const lines = [`**${verdict ?? phase}**${reason ? `: ${plain(reason)}` : ''}`, '', `- task \`${taskID}\``];
  if (runID) lines.push(`- run \`${runID}\`${status.adopted ? ' (adopted)' : ''}`);
  if (progress) lines.push(`- progress: ${progress.received} of ${progress.expected} events, ${progress.status}`);
  if (deadline && !verdict) lines.push(`- waits until ${deadline}`);
  if (remoteStillRunning) lines.push(`- still running at Algolia`);
  for (const [type, counts] of Object.entries(events ?? {})) {
    lines.push(
      `- ${type} events: ${Object.entries(counts)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ')}`,
    );
  }
  if (phase === 'running')
    lines.push('', 'While it runs, live progress is in *Pending Activities*: the heartbeat of `awaitRun`.');
  for (const failure of failures.slice(0, MAX_FAILURES_SHOWN)) {
    lines.push(
      '',
      `- ${failure.at} ${failure.type} ${failure.status}: ${failure.data === undefined ? `${failure.batchSize} records` : code(failure.data)}`,
    );
  }
  return lines.join('\n');
}
