import { authentications } from '../../src/operations/authentications.ts';
import { clientOperations, type ClientOperation } from '../../src/operations/client-side.ts';
import { custom } from '../../src/operations/custom.ts';
import { destinations } from '../../src/operations/destinations.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { push } from '../../src/operations/push.ts';
import { runs } from '../../src/operations/runs.ts';
import { sources } from '../../src/operations/sources.ts';
import { tasks } from '../../src/operations/tasks.ts';
import { transformations } from '../../src/operations/transformations.ts';
import { inputSchema, shapeOf } from './shape.ts';

type AnyOperation = Operation | ClientOperation;

const GROUPS: Readonly<Record<string, Readonly<Record<string, AnyOperation>>>> = {
  Authentications: authentications,
  Sources: sources,
  Destinations: destinations,
  Transformations: transformations,
  Tasks: tasks,
  'Runs and events': runs,
  Push: push,
  'Any other request': custom,
  'Without a request of their own': clientOperations,
};

const ALGOLIA_DOCS = 'https://www.algolia.com/doc/rest-api/ingestion/';

/** `docs/operations.md`: everything that the table of operations says, for people. */
export function operationsPage(): string {
  const count = Object.values(GROUPS).reduce((sum, group) => sum + Object.keys(group).length, 0);
  return [
    INTRODUCTION(count),
    ...Object.entries(GROUPS).flatMap(([title, group]) => [
      `## ${title}`,
      overview(group),
      ...Object.entries(group).map(([name, operation]) => section(name, operation)),
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}

const INTRODUCTION = (count: number) => `# Operations

<!-- Written by \`npm run docs\` from src/operations. Don't edit. -->

The ${count} operations of Algolia's Ingestion API that the worker offers. Each is a Temporal activity of its name: call it from a workflow, from the Web UI's *Standalone Activities*, by
\`algolia-ingestion call <operation> '<json>'\`, or on a schedule through the workflow \`callOperation\`. The argument is what the method of the official JavaScript client takes.

**Effect** is what a second, accidental call would do, and so what a retry may do:

| effect | a second call | a retry |
|---|---|---|
| read | changes nothing | until it is answered |
| idempotent | says the same again | until it is answered; a delete that finds the thing gone already is done |
| once | makes a second thing | only if the first provably did nothing (refused, rate limited, never written). Otherwise the activity fails with \`AlgoliaAmbiguous\`; workflows then look for what it made, and adopt it or send again |

**Time** is how long Algolia may take to answer; connecting may take 5 s more.

**\`Secret\`** is a reference to a credential, \`{"$secret": "env:SECRET_…"}\` or \`{"$secret": "file:…"}\`, resolved on the worker right before sending. The credential itself is refused.`;

function overview(group: Readonly<Record<string, AnyOperation>>): string {
  const rows = Object.entries(group).map(
    ([name, { effect, summary, method, path }]) =>
      `| [${name}](#${name.toLowerCase()}) | ${effect} | ${method === null ? '' : `\`${method} ${path}\``} | ${summary} |`,
  );
  return ['| operation | effect | request | |', '|---|---|---|---|', ...rows].join('\n');
}

function section(name: string, operation: AnyOperation): string {
  const { summary, effect, input } = operation;
  const facts =
    operation.method === null
      ? [summary, `**${effect}**`]
      : [
          `[${summary}](${ALGOLIA_DOCS}${kebab(name)})`,
          `\`${operation.method} ${operation.path}\``,
          `**${effect}**`,
          `${operation.timeoutMs / 1_000} s`,
        ];
  return `### ${name}\n\n${facts.join(' · ')}\n\n\`\`\`ts\n${name}(${shapeOf(inputSchema(input))})\n\`\`\``;
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
