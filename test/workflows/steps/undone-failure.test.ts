import { ApplicationFailure } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { undoneFailure } from '../../../src/workflows/steps/undone-failure.ts';

test.each(['the key is gone', 'the key is gone.'])(
  'what was undone stands behind why, one full stop between: %s',
  (why) => {
    expect(
      undoneFailure(ApplicationFailure.nonRetryable(why, 'T'), { type: 'U', outcome: 'Nothing was made' }),
    ).toMatchObject({ type: 'T', message: 'the key is gone. Nothing was made' });
  },
);
