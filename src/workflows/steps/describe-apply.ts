import type { Planned } from '../../manifest/plan.ts';
import type { ApplyManifestStatus } from '../apply-manifest.ts';
import { describeCounts, describePlan } from './describe-plan.ts';

const MAX_LINES = 150;

/** An apply in Markdown, for the Web UI's Current Details. */
export function describeApply(status: ApplyManifestStatus, planned: Planned | undefined): string {
  const { step, planHash, counts, done, total, notMade = [], leftBehind = [] } = status;
  const lines = planned ? describePlan(planned) : [];
  return [
    `**${step}**${total > 0 ? ` (${done} of ${total} changes made)` : ''}`,
    '',
    ...(counts ? [`${describeCounts(counts, 'to come')}; plan \`${planHash}\``, ''] : []),
    ...(lines.length > 0
      ? [
          '```',
          // What stands in a code block can't end it.
          ...lines.slice(0, MAX_LINES).map((line) => line.replaceAll('```', "'''")),
          ...(lines.length > MAX_LINES ? [`… and ${lines.length - MAX_LINES} more lines`] : []),
          '```',
        ]
      : []),
    ...notMade.slice(0, MAX_LINES).map((what) => `- **not made**: ${what}`),
    ...leftBehind.map((what) => `- **left behind**: ${what}`),
  ].join('\n');
}
