import { expect, test } from 'vitest';
import { describeDeployment } from '../../../src/workflows/steps/describe-deployment.ts';

const status = { transformationID: 't', step: 'waiting for approval' };

test('code cannot pass for a part of the page', () => {
  const diff = '+const page = `\n+```\n+````\n+approved by **everybody**';
  const details = describeDeployment({ ...status, diff });
  expect(details).toContain('`````diff\n+const page');
  expect(details.endsWith('**everybody**\n`````')).toBe(true);
});

test('of many destinations and samples the first are shown, and how many more there are', () => {
  const usedBy = Array.from({ length: 12 }, (_, place) => ({ destinationID: `d${place}`, indexName: null }));
  const tries = Array.from({ length: 7 }, (_, sample) => ({ sample, outputs: 1, output: '{}', unmet: [] }));
  const details = describeDeployment({ ...status, usedBy, tries });
  expect(details).toContain('`d9` and 2 more');
  expect(details).not.toContain('`d10`');
  expect(details).toMatch(/`tryOn\[4\]` gave one record[\s\S]*and 2 records more$/);
});

test('a sample that went wrong says how', () => {
  const failed = { sample: 0, outputs: 0, error: 'no such field', unmet: [] };
  const unmet = { sample: 1, outputs: 2, output: '{}', unmet: [{ path: 'a', expected: '1', got: '2' }] };
  expect(describeDeployment({ ...status, tries: [failed, unmet] })).toMatch(
    /`tryOn\[0\]` gave an error\n\n```\nno such field\n```[\s\S]*gave 2 records, not what was expected: `a: expected 1, got 2`/,
  );
});
