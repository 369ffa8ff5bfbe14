import type { PushRecordsStatus } from '../push-records.ts';
import { code, plain } from './plain-text.ts';

const MAX_SHOWN = 5;

/** A push in Markdown, for the Web UI's Current Details. */
export function describePush(status: PushRecordsStatus): string {
  const { phase, action, target, reason, failures = [], firstBadRecords = [], failedRef, notKept } = status;
  const lines = [`**${phase}**${reason ? `: ${plain(reason)}` : ''}`, '', `- ${action} \`${target}\``];
  const row = (name: string, value: number | undefined) => {
    if (value !== undefined) lines.push(`- ${name}: ${value.toLocaleString('en')}`);
  };
  row('records pushed', status.pushed);
  row('verified', status.verified);
  row('waiting for their event', status.unverified);
  row('failed', status.failed);
  row('bad records', status.badRecords);
  row('batches', status.batches);
  row('bytes', status.bytes);
  row('at a time', status.maxParallel);
  if (failedRef) lines.push(`- failed records: \`${failedRef.uri}\``);
  if (notKept) lines.push(`- failed records are not kept: ${plain(notKept)}`);
  if (phase === 'pushing')
    lines.push('', 'As of the last slice. Live progress is in *Pending Activities*: the heartbeat of `pushSlice`.');
  if (phase === 'paused') lines.push('', 'Send the signal `resume` to go on.');
  for (const { from, reason: why, objectIDs } of failures.slice(0, MAX_SHOWN))
    lines.push(
      '',
      `- batch from ${from}: ${plain(why)}${objectIDs.length > 0 ? ` (${objectIDs.slice(0, MAX_SHOWN).map(code).join(', ')} …)` : ''}`,
    );
  for (const { line, why } of firstBadRecords.slice(0, MAX_SHOWN)) lines.push('', `- line ${line}: ${plain(why)}`);
  return lines.join('\n');
}
