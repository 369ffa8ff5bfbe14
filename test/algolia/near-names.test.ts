import { expect, test } from 'vitest';
import { z } from 'zod';
import { createApprovalPolicy } from '../../src/activities/approval-policy.ts';
import { createCheckChannels } from '../../src/activities/check-channels.ts';
import { callOperationInput } from '../../src/activities/inputs/call-operation.ts';
import { loadApprovalPolicies } from '../../src/approvals/load-policies.ts';
import { didYouMean, noSuch } from '../../src/algolia/near-names.ts';

const known = ['syncTask', 'syncSource', 'backfill', 'watchConnectors'];

test.each([
  ['synctask', 'Did you mean syncTask?'],
  ['sync', 'Did you mean syncTask or syncSource?'],
  ['bakcfill', 'Did you mean backfill?'],
  ['rotate', ''],
])('%s: %s', (name, hint) => {
  expect(didYouMean(name, known)).toBe(hint);
});

test('an enum of names says which may have been meant, and of what is no name what it should be', () => {
  const schema = z.enum(known as [string, ...string[]], { error: noSuch('workflow', known) });
  const messageOf = (value: unknown) => schema.safeParse(value).error?.issues[0]?.message;
  expect(messageOf('backfil')).toBe("there is no workflow 'backfil'. Did you mean backfill?");
  expect(messageOf('x')).toBe("there is no workflow 'x'. There are syncTask, syncSource, backfill, watchConnectors");
  expect(messageOf(1)).toBe('expected the name of the workflow');
  expect(messageOf(undefined)).toBe('expected the name of the workflow, but it is missing');
});

test('an operation, an approval policy and a channel that do not exist are told so', async () => {
  const { error } = callOperationInput.safeParse({ operation: 'listTask' });
  expect(error?.issues[0]?.message).toBe("there is no operation 'listTask'. Did you mean listTasks?");
  await expect(createApprovalPolicy(loadApprovalPolicies(undefined))({ name: 'defualt' })).rejects.toThrow(
    "there is no approval policy 'defualt'; this worker has default. Did you mean default?",
  );
  const url = 'env:SECRET_OPS';
  await expect(createCheckChannels({ ops: { type: 'webhook', url } as never })({ names: ['opps'] })).rejects.toThrow(
    'it has ops. Did you mean ops?',
  );
});
