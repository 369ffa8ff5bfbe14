import { workflowInputs, type WorkflowType } from '../../src/activities/check-input.ts';
import { readPage } from './pages.ts';

/** The types that people start, each with the examples of its section in docs/workflows.md. */
export function workflowExamples(): Map<WorkflowType, readonly unknown[]> {
  const { blocks } = readPage('docs/workflows.md');
  const types = Object.keys(workflowInputs) as WorkflowType[];
  return new Map(
    types.map((type) => [
      type,
      blocks
        .filter(({ under, language }) => under === type && language === 'json')
        .map(({ text }) => JSON.parse(text) as unknown),
    ]),
  );
}
