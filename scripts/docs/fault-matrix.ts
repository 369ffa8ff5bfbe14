import { effects, endingOf, matrixWorkflows, targets } from '../../test/faults/matrix/endings.ts';
import {
  matrixFaults,
  outcomeOf,
  requestsOf,
  type MatrixFault,
  type Outcome,
} from '../../test/faults/matrix/faults.ts';

const BEGIN = '<!-- The tables from here on are what the tests hold; `npm run docs` writes them. -->';

/** `docs/failures.md`: what people wrote, with the tables of today below it. */
export function failuresPage(committed: string): string {
  const [written = ''] = committed.split(BEGIN);
  return `${written}${BEGIN}\n\n${faultMatrix()}\n`;
}

function faultMatrix(): string {
  return [
    '## The matrix: one call',
    '',
    'What a call comes to that meets the fault at its first request, and how many requests are sent in all.',
    '',
    ...table(['fault', 'done at Algolia', ...effects], matrixFaults.map(callRow)),
    ...matrixWorkflows.flatMap((workflow) => [
      '',
      `## The matrix: \`${workflow}\``,
      '',
      ...table(
        ['fault', ...effects.map((effect) => `${effect}: ${targets[workflow][effect]}`)],
        matrixFaults.map((fault) => [fault.name, ...effects.map((effect) => cell(workflow, effect, fault))]),
      ),
    ]),
  ].join('\n');
}

const callRow = (fault: MatrixFault) => [
  fault.name,
  fault.effect === 'done' ? 'yes' : 'no',
  ...effects.map((effect) => call(outcomeOf(fault, effect))),
];

const call = (outcome: Outcome) =>
  outcome === 'answer' ? 'answered · 1 request' : `\`${outcome}\` · ${countOf(requestsOf[outcome])}`;

function cell(...[workflow, effect, fault]: Parameters<typeof endingOf>): string {
  const { ending, requests } = endingOf(workflow, effect, fault);
  return requests === undefined ? ending : `${ending} · ${countOf(requests)}`;
}

const countOf = (requests: number) => (requests === 1 ? '1 request' : `${requests} requests`);

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
