import type { HeldKey, KeyRingState } from '../../secrets/key-ring-state.ts';

/** The ring in Markdown, for the Web UI's Current Details. */
export function describeKeyRing(ring: KeyRingState): string {
  const { epoch, current, previous, pending, overlap, rotation, confirmed, refusedTo, changes } = ring;
  const rows: [string, string][] = [
    ['current key', show(current)],
    ...(previous
      ? [[overlap ? 'previous key, still counts' : 'previous key', show(previous)] as [string, string]]
      : []),
    ...(pending ? [['to be promoted', show(pending)] as [string, string]] : []),
    ...(rotation ? [['rotation under way', `\`${rotation.workflowId}\``] as [string, string]] : []),
    ...(overlap ? [['workers on the current key only', String(confirmed.length)] as [string, string]] : []),
    ...(refusedTo.length > 0 ? [['refused to workers', refusedTo.join(', ')] as [string, string]] : []),
  ];
  return [
    `**Epoch ${epoch}**`,
    '',
    ...rows.map(([name, value]) => `- ${name}: ${value}`),
    ...(changes.length > 0 ? ['', '| epoch | key | since | by |', '|---|---|---|---|'] : []),
    ...changes.toReversed().map(({ epoch: made, to, at, by }) => `| ${made} | \`${to}\` | ${at} | ${inOneCell(by)} |`),
  ].join('\n');
}

/** People may have written it. */
const inOneCell = (text: string) => text.replace(/[|`<>\s]+/g, ' ').slice(0, 200);

const show = ({ reference, fingerprint }: HeldKey) => `\`${reference}\`${fingerprint ? ` (${fingerprint})` : ''}`;
