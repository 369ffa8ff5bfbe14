import { expect, test } from 'vitest';
import { describeSync } from '../../../src/workflows/steps/describe-sync.ts';

const startedAt = '2026-11-24T00:00:00.000Z';

test('a sync that goes on says for what it waits, until when, and where to look', () => {
  const text = describeSync({
    taskID: 't1',
    phase: 'running',
    runID: 'r1',
    adopted: true,
    startedAt,
    deadline: '2026-11-24T02:00:00.000Z',
    progress: { status: 'started', received: 3, expected: 9 },
  });
  expect(text).toContain('**running**');
  expect(text).toContain('- run `r1` (adopted)');
  expect(text).toContain('- progress: 3 of 9 events, started');
  expect(text).toContain('- waits until 2026-11-24T02:00:00.000Z');
  expect(text).toContain('*Pending Activities*');
});

test('a sync that is over says what it came to, with the first failures', () => {
  const failure = { eventID: 'e', type: 'record', status: 'failed', at: startedAt, batchSize: 4 };
  const text = describeSync({
    taskID: 't1',
    phase: 'done',
    verdict: 'partial',
    reason: 'some failed',
    startedAt,
    deadline: startedAt,
    events: { record: { succeeded: 2, failed: 8 } },
    failures: [{ ...failure, data: '{"message":"too big"}' }, ...Array.from({ length: 7 }, () => failure)],
    remoteStillRunning: true,
  });
  expect(text).toContain('**partial**: some failed');
  expect(text).toContain('- record events: 2 succeeded, 8 failed');
  expect(text).toContain('- still running at Algolia');
  expect(text).not.toContain('waits until');
  expect(text.match(/ record failed: /g)).toHaveLength(5);
  expect(text).toContain('record failed: `{"message":"too big"}`');
  expect(text).toContain('record failed: 4 records');
});
