import { expect, test } from 'vitest';
import { readValidation } from '../../../src/workflows/steps/validate.ts';

test('a source that can be read is valid, and says how many samples came back', () => {
  expect(readValidation({ runID: 'r', data: [{}, {}], events: [], message: 'fine' })).toEqual({
    runID: 'r',
    samples: 2,
    message: 'fine',
  });
  expect(readValidation({ runID: 'r', data: null, events: null })).toEqual({ runID: 'r', samples: 0 });
});

test.for(['failed', 'critical'])('a 200 with a %s event says no', (status) => {
  const events = [
    { eventID: '1', status: 'succeeded' },
    { eventID: '2', status, data: { message: 'wrong password' } },
  ];
  expect(() => readValidation({ runID: 'r', events, message: 'validate failed' })).toThrow(
    'the source is not valid: validate failed {"message":"wrong password"}',
  );
});

test('what an event says is not said twice', () => {
  const events = [{ eventID: '1', status: 'failed', data: { message: 'no value in sku' } }];
  expect(() => readValidation({ runID: 'r', events, message: 'validate failed: no value in sku' })).toThrow(
    /^the source is not valid: validate failed: no value in sku$/,
  );
});
