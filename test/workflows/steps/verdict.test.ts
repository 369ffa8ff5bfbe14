import { describe, expect, test } from 'vitest';
import { isGood, judge, type Verdict } from '../../../src/workflows/steps/verdict.ts';

const run = (more: object) => ({ runID: 'r', status: 'finished', outcome: 'success', ...more });
const events = (counts: Record<string, Record<string, number>> = { record: { succeeded: 2 } }, failed = 0) => ({
  counts,
  total: 2 + failed,
  failed,
  failures: [],
});

describe('a run is judged by its outcome and its events', () => {
  test.for<[object, ReturnType<typeof events>, Verdict, string]>([
    [{ reasonCode: 'ok' }, events(), 'success', 'the run and all its events succeeded'],
    [{ reasonCode: 'ok', reason: 'fine' }, events(), 'success', 'fine'],
    [{ reasonCode: 'ok' }, events({}, 3), 'partial', 'the run succeeded, but 3 of its 5 events failed'],
    [{ reasonCode: 'no_events' }, events({}), 'empty', 'there was nothing to ingest'],
    [{ reasonCode: 'no_events' }, events({}, 1), 'partial', 'the run succeeded, but 1 of its 3 events failed'],
    [{ outcome: 'failure', reasonCode: 'no_events' }, events({}), 'empty', 'the run failed (no_events)'],
    [{ outcome: 'failure', reasonCode: 'no_events' }, events({}, 1), 'critical', 'the run failed (no_events)'],
    [{ outcome: 'failure' }, events({}), 'critical', 'the run failed (no reason given)'],
    [{ outcome: 'failure' }, events(), 'partial', 'the run failed (no reason given)'],
    [{ outcome: 'failure', reasonCode: null, reason: null }, events(), 'partial', 'the run failed (no reason given)'],
    [{ outcome: undefined }, events(), 'critical', "the run finished with the outcome 'none'"],
    [{ outcome: 'half' }, events(), 'critical', "the run finished with the outcome 'half'"],
    [{ status: 'skipped', outcome: null }, events(), 'skipped', 'Algolia skipped the run'],
  ])('%j with %j', ([more, digest, verdict, reason]) => {
    expect(judge(run(more), digest)).toMatchObject({ verdict, reason });
  });

  test('its reason code is passed on, where it has one', () => {
    expect(judge(run({ reasonCode: 'ok' }), events())).toHaveProperty('reasonCode', 'ok');
    expect(judge(run({ reasonCode: null }), events())).not.toHaveProperty('reasonCode');
  });
});

test.for<[Verdict, string | undefined, 'ok' | 'warn' | 'fail', boolean]>([
  ['success', 'ok', 'fail', true],
  ['empty', 'no_events', 'ok', true],
  ['empty', 'no_events', 'warn', true],
  ['empty', 'no_events', 'fail', false],
  ['skipped', 'busy', 'ok', true],
  ['skipped', 'idle', 'ok', false],
  ['partial', undefined, 'ok', false],
  ['blocked', undefined, 'ok', false],
  ['transient', undefined, 'ok', false],
  ['critical', undefined, 'ok', false],
  ['cancelled', undefined, 'ok', false],
  ['timedOut', undefined, 'ok', false],
  ['stuck', undefined, 'ok', false],
])('%s (%s) with onEmpty "%s" is good: %s', ([verdict, reasonCode, onEmpty, good]) => {
  expect(isGood({ verdict, reason: '', ...(reasonCode ? { reasonCode } : {}) }, { onEmpty })).toBe(good);
});
