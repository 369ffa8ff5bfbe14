import type { DeployTransformationStatus } from '../deploy-transformation.ts';

const MAX_TRIES_SHOWN = 5;

/** A deployment in Markdown, for the Web UI's Current Details: above all the diff. */
export function describeDeployment(status: DeployTransformationStatus): string {
  const { transformationID, step, tries = [], changes, diff, usedBy, approval, sync } = status;
  return [
    `**transformation \`${transformationID}\`**: ${step}`,
    '',
    ...(usedBy ? [`- changes the records of: ${usedBy.map(described).join(', ') || 'no destination yet'}`] : []),
    ...(approval ? [`- approved by ${approval.by.map(({ actor }) => actor).join(', ')}`] : []),
    ...(sync ? [`- canary: ${sync.verdict} (run \`${sync.runID}\`)`] : []),
    ...(changes ? [`- ${changes.added} lines added, ${changes.removed} removed`] : []),
    ...(diff ? ['', fenced('diff', diff)] : []),
    ...tries
      .slice(0, MAX_TRIES_SHOWN)
      .flatMap(({ sample, outputs, output, error, unmet }) => [
        '',
        `\`tryOn[${sample}]\` gave ${error ? 'an error' : outputs === 1 ? 'one record' : `${outputs} records`}${unmet.length > 0 ? `, not what was expected (${unmet.length})` : ''}`,
        ...((error ?? output) ? ['', fenced(error ? '' : 'json', error ?? output ?? '')] : []),
      ]),
    ...(tries.length > MAX_TRIES_SHOWN ? ['', `… and ${tries.length - MAX_TRIES_SHOWN} records more`] : []),
  ].join('\n');
}

const described = ({ destinationID, indexName }: { destinationID: string; indexName: string | null }) =>
  indexName === null ? `\`${destinationID}\`` : `index \`${indexName}\` (\`${destinationID}\`)`;

/** In a fence longer than any within, so that code can't pass for a part of the page. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
