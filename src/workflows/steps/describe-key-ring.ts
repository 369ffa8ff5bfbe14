import type { HeldKey, KeyRingState } from '../../secrets/key-ring-state.ts';

/** The ring in Markdown, for the Web UI's Current Details. */
export function describeKeyRing(ring: KeyRingState): string {
  const { epoch, current, previous, pending, overlap, rotation, confirmed, refusedTo, changes } = ring;
  return [
    `**Epoch ${epoch}**`,
    '',
    `- current key: ${show(current)}`,
    ...(previous ? [`- previous key${overlap ? ', still counts' : ''}: ${show(previous)}`] : []),
    ...(pending ? [`- to be promoted: ${show(pending)}`] : []),
    ...(rotation ? [`- rotation under way: \`${rotation.workflowId}\``] : []),
    ...(overlap ? [`- workers on the current key only: ${confirmed.length}`] : []),
    ...(refusedTo.length > 0 ? [`- refused to workers: ${refusedTo.join(', ')}`] : []),
    ...(changes.length > 0 ? ['', '| epoch | key | since | by |', '|---|---|---|---|'] : []),
    ...changes.toReversed().map(({ epoch: made, to, at, by }) => `| ${made} | \`${to}\` | ${at} | ${inOneCell(by)} |`),
  ].join('\n');
}

/** People may have written it. */
const inOneCell = (text: string) => text.replace(/[|`<>\s]+/g, ' ').slice(0, 200);

const show = ({ reference, fingerprint }: HeldKey) => `\`${reference}\`${fingerprint ? ` (${fingerprint})` : ''}`;
