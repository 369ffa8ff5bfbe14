import type { RotateApiKeyStatus, StepState } from './rotate-state.ts';

const MARKS: Readonly<Record<StepState['state'], string>> = {
  'to come': '',
  'going on': '▶ ',
  done: '✓ ',
  failed: '✗ ',
};
const MAX_WAITING_SHOWN = 20;

/** A rotation in Markdown, for the Web UI's Current Details. */
export function describeRotation(status: RotateApiKeyStatus): string {
  const { from, to, fingerprints, epoch, steps, outcome, reason, waitingFor = [], emergency } = status;
  return [
    `**${outcome ?? steps.find(({ state }) => state === 'going on')?.step ?? 'begins'}**${reason ? `: ${reason}` : ''}`,
    '',
    ...(emergency ? ['**Emergency**: overlap, soak and drain are short.', ''] : []),
    ...(from
      ? [
          `from \`${from}\` (${fingerprints?.from}) to \`${to}\` (${fingerprints?.to ?? 'to be created'})${epoch === undefined ? '' : `, epoch ${epoch}`}`,
        ]
      : []),
    '',
    ...steps.map(
      ({ step, state, at, note }) => `- ${MARKS[state]}${step}${at ? `, ${at}` : ''}${note ? `: ${note}` : ''}`,
    ),
    ...(waitingFor.length > 0 ? ['', '**Workers that have not confirmed the new key**', ''] : []),
    ...waitingFor.slice(0, MAX_WAITING_SHOWN).map((identity) => `- \`${identity}\``),
    ...(waitingFor.length > 0 ? HOW_TO_FORCE : []),
  ].join('\n');
}

const HOW_TO_FORCE = [
  '',
  'Each confirms within seconds of getting the key, or drops out of this list five minutes after it was seen last. If you know',
  'that one is dead for good: *More Actions* → *Send a Signal* → `forceConverge`, with',
  '',
  '```json',
  '{"by": "<your name>", "reason": "<why it does no harm>"}',
  '```',
];
