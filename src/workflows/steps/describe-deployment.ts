import type { SampleTried } from '../../activities/try-samples.ts';
import type { DeployTransformationStatus } from '../deploy-transformation.ts';
import { approvalLine, syncLine } from './outcome-lines.ts';
import { code, fenceAround } from './plain-text.ts';

const MAX_TRIES_SHOWN = 5;
const MAX_USERS_SHOWN = 10;

/** A deployment in Markdown, for the Web UI's Current Details: above all the diff. */
export function describeDeployment(status: DeployTransformationStatus): string {
  const { transformationID, step, tries = [], changes, diff, usedBy, approval, sync } = status;
  return [
    `**transformation \`${transformationID}\`**: ${step}`,
    '',
    ...(usedBy ? [`- changes the records of: ${listed(usedBy)}`] : []),
    ...approvalLine(approval),
    ...syncLine('canary', sync),
    ...(changes ? [`- ${changes.added} lines added, ${changes.removed} removed`] : []),
    ...(diff ? ['', fenced('diff', diff)] : []),
    ...tries.slice(0, MAX_TRIES_SHOWN).flatMap(describeTry),
    ...(tries.length > MAX_TRIES_SHOWN ? ['', `… and ${tries.length - MAX_TRIES_SHOWN} records more`] : []),
  ].join('\n');
}

function describeTry({ sample, outputs, output, error, unmet }: SampleTried): string[] {
  const gave = error !== undefined ? 'an error' : outputs === 1 ? 'one record' : `${outputs} records`;
  const wrong = unmet.map(({ path, expected, got }) => code(`${path}: expected ${expected}, got ${got}`)).join('; ');
  const shown = error === undefined ? output && fenced('json', output) : fenced('', error);
  return [
    '',
    `\`tryOn[${sample}]\` gave ${gave}${wrong ? `, not what was expected: ${wrong}` : ''}`,
    ...(shown ? ['', shown] : []),
  ];
}

function listed(usedBy: readonly User[]): string {
  if (usedBy.length === 0) return 'no destination yet';
  const more = usedBy.length - MAX_USERS_SHOWN;
  return usedBy.slice(0, MAX_USERS_SHOWN).map(described).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

type User = NonNullable<DeployTransformationStatus['usedBy']>[number];
const described = ({ destinationID, indexName }: User) =>
  indexName === null ? `\`${destinationID}\`` : `index \`${indexName}\` (\`${destinationID}\`)`;

/** In a fence longer than any within, so that code can't pass for a part of the page. */
function fenced(language: string, text: string): string {
  const fence = fenceAround(text, 3);
  return `${fence}${language}\n${text}\n${fence}`;
}
