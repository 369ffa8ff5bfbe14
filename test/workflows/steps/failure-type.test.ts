import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import { describe, expect, test } from 'vitest';
import { failureDetails, failureMessage, failureType, isNotFound } from '../../../src/workflows/steps/failure-type.ts';

const ofActivity = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'getTask', '1', 'MAXIMUM_ATTEMPTS_REACHED', 'worker', cause);
const ofChild = (cause: Error) =>
  new ChildWorkflowFailure('default', { workflowId: 'w', runId: 'r' }, 'syncTask', 'MAXIMUM_ATTEMPTS_REACHED', cause);
const notFound = ApplicationFailure.create({
  type: 'AlgoliaInvalid',
  message: 'getTask: answered 404: gone',
  details: [{ operation: 'getTask', status: 404 }],
});

describe('what failed is seen through what it is wrapped in', () => {
  test.for([
    { error: notFound, type: 'AlgoliaInvalid', message: 'getTask: answered 404: gone' },
    { error: ofActivity(notFound), type: 'AlgoliaInvalid', message: 'getTask: answered 404: gone' },
    { error: ofChild(ofActivity(notFound)), type: 'AlgoliaInvalid', message: 'getTask: answered 404: gone' },
    { error: ofActivity(new TimeoutFailure('too late', undefined, 'HEARTBEAT')), type: 'Timeout', message: 'too late' },
    { error: new Error('plain'), type: undefined, message: 'plain' },
    { error: 'thrown', type: undefined, message: 'thrown' },
  ])('$message', ({ error, type, message }) => {
    expect(failureType(error)).toBe(type);
    expect(failureMessage(error)).toBe(message);
  });
});

test('details are those of the call, or none', () => {
  expect(failureDetails(ofActivity(notFound))).toEqual({ operation: 'getTask', status: 404 });
  expect(failureDetails(ofActivity(ApplicationFailure.nonRetryable('x')))).toEqual({});
  expect(failureDetails(new Error('x'))).toEqual({});
});

test('only a 404 means that there is no such thing', () => {
  expect(isNotFound(ofActivity(notFound))).toBe(true);
  const refused = ApplicationFailure.create({ type: 'AlgoliaInvalid', message: '', details: [{ status: 409 }] });
  expect(isNotFound(ofActivity(refused))).toBe(false);
  const elsewhere = ApplicationFailure.create({ type: 'AlgoliaUnavailable', message: '', details: [{ status: 404 }] });
  expect(isNotFound(elsewhere)).toBe(false);
});
