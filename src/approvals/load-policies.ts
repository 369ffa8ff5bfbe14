import { z } from 'zod';
import { describeIssues } from '../algolia/check-input.ts';
import { parseWorded } from '../algolia/wording.ts';
import { ConfigError } from '../config.ts';
import { durationMs, isTooLong } from '../duration-ms.ts';
import { NOW_IN_HISTORY, secretReference } from '../operations/operation.ts';
import { readYaml } from '../read-yaml.ts';
import type { Channel } from './channel.ts';
import type { ApprovalPolicy } from './policy.ts';

/** What the worker knows about approvals and notices. */
export interface ApprovalPolicies {
  readonly policies: Readonly<Record<string, ApprovalPolicy>>;
  readonly channels: Readonly<Record<string, Channel>>;
  /** Nobody has written a policy named `default`, so this one holds where none is named: fit for one's own machine only. */
  readonly builtInDefault: boolean;
}

/** More reminders than this fill the workflow's history. */
const MAX_REMINDERS = 200;

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'expected a duration such as "30m", "4h" or "1d"')
  .refine((value) => durationMs(value) > 0, 'must be longer than nothing')
  .refine((value) => !isTooLong(value), 'longer than ten years');
const name = z
  .string()
  .trim()
  .min(1, 'a name may not be blank')
  .refine((value) => !/^<.*>$/.test(value), 'a name may not stand in <>: that is a placeholder');
const names = z
  .array(name)
  .refine((list) => new Set(list.map(normal)).size === list.length, 'a name stands here twice');
const reference = z.strictObject(
  { $secret: secretReference },
  { error: 'expected a reference such as {$secret: env:SECRET_SLACK_OPS}: who knows the URL can write there' },
);

const policy = z.strictObject({
  approvers: names.min(1, 'name somebody, or leave it out: then anybody may approve').optional(),
  quorum: z.int().min(1).max(20).default(1),
  forbidRequester: z.boolean().default(true),
  minTrust: z.enum(['declared', 'identity', 'token']).default('declared'),
  remindEvery: duration.optional(),
  escalateAfter: duration.optional(),
  escalateTo: names.default([]),
  expiresAfter: duration.default('24h'),
  notify: z.array(z.string()).default([]),
});
const channel = z.strictObject({
  type: z.enum(['webhook', 'slack']),
  url: reference,
  headers: z.record(z.string(), z.union([z.string(), reference])).default({}),
});

const file = z
  .strictObject({
    policies: z.record(z.string().min(1), policy),
    channels: z.record(z.string().min(1), channel).default({}),
    /** Whose channel is which. */
    approvers: z.record(z.string(), z.strictObject({ channel: z.string() })).default({}),
  })
  .check((ctx) => {
    const { policies, channels, approvers } = ctx.value;
    const object = (path: PropertyKey[], message: string) =>
      ctx.issues.push({ code: 'custom', path, message, input: undefined });
    const known = (channelName: string, path: PropertyKey[]) => {
      if (!Object.hasOwn(channels, channelName)) object(path, `there is no channel '${channelName}' under channels`);
    };
    for (const [who, { channel: channelName }] of Object.entries(approvers))
      known(channelName, ['approvers', who, 'channel']);
    for (const [policyName, value] of Object.entries(policies)) {
      const at = (...path: PropertyKey[]) => ['policies', policyName, ...path];
      for (const [index, channelName] of value.notify.entries()) known(channelName, at('notify', index));
      for (const [place, message] of mistakesOf(value, Object.keys(approvers))) object(at(place), message);
    }
  });

type Policy = z.output<typeof policy>;

/** What makes a policy impossible to satisfy, or to carry out. */
function* mistakesOf(value: Policy, withChannel: readonly string[]): Generator<[string, string]> {
  const { approvers, quorum, minTrust, remindEvery, escalateAfter, escalateTo, expiresAfter } = value;
  const everybody = new Set([...(approvers ?? []), ...escalateTo].map(normal));
  if (approvers && quorum > everybody.size) yield ['quorum', `takes ${quorum}, but only ${everybody.size} may approve`];
  if (escalateTo.length > 0 && !escalateAfter) yield ['escalateAfter', 'says when escalateTo comes in; it is missing'];
  if (escalateTo.length > 0 && !approvers) yield ['escalateTo', 'adds approvers, but without approvers anybody may'];
  if (escalateAfter && durationMs(escalateAfter) >= durationMs(expiresAfter))
    yield ['escalateAfter', `comes after expiresAfter (${expiresAfter})`];
  if (remindEvery && durationMs(expiresAfter) / durationMs(remindEvery) > MAX_REMINDERS)
    yield ['remindEvery', `makes more than ${MAX_REMINDERS} reminders in ${expiresAfter}`];
  if (minTrust === 'declared') return;
  if (!approvers) yield ['approvers', `must be named where minTrust is ${minTrust}`];
  if (minTrust !== 'token') return;
  for (const who of [...(approvers ?? []), ...escalateTo]) {
    if (!withChannel.some((other) => normal(other) === normal(who)))
      yield ['minTrust', `sends each approver a token, but '${who}' has no channel under approvers`];
  }
}

/** As the workflows compare names (`normalName` in their approval step). */
const normal = (value: string): string =>
  value
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]|(?!\s)\p{Cc}/gu, '')
    .normalize('NFKC')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase();

/** One's own machine: any name but the requester's, and a day to think. */
const BUILT_IN: Policy = policy.parse({});

/** The policies in the file of that name, or throws {@link ConfigError}. Without a file there is the built-in one. */
export function loadApprovalPolicies(path: string | undefined): ApprovalPolicies {
  const { policies, channels, approvers } = path === undefined ? file.parse({ policies: {} }) : read(path);
  const builtInDefault = !Object.hasOwn(policies, 'default');
  const all = builtInDefault ? { ...policies, default: BUILT_IN } : policies;
  return {
    channels,
    builtInDefault,
    policies: Object.fromEntries(
      Object.entries(all).map(([policyName, value]) => [policyName, toPolicy(policyName, value, approvers)]),
    ),
  };
}

function toPolicy(
  policyName: string,
  { approvers, remindEvery, escalateAfter, ...rest }: Policy,
  channels: Readonly<Record<string, { channel: string }>>,
): ApprovalPolicy {
  const everybody = [...(approvers ?? []), ...rest.escalateTo];
  const channelOf = Object.fromEntries(
    everybody.flatMap((who) => {
      const found = Object.entries(channels).find(([other]) => normal(other) === normal(who));
      return found ? [[who, found[1].channel]] : [];
    }),
  );
  return {
    ...rest,
    name: policyName,
    channelOf,
    ...(approvers ? { approvers } : {}),
    ...(remindEvery ? { remindEvery } : {}),
    ...(escalateAfter ? { escalateAfter } : {}),
  };
}

function read(path: string): z.output<typeof file> {
  const fail = (why: string, cause?: unknown) => new ConfigError(`APPROVAL_POLICIES: ${path}: ${why}`, { cause });
  const parsed = parseWorded(file, readYaml(path, fail));
  if (!parsed.success) throw fail(placesIn(describeIssues(parsed.error.issues, 'file')));
  return parsed.data;
}

/** Nothing of a file has been anywhere yet. */
const placesIn = (issues: string): string => issues.replace(/(^|; )file(\.|: )?/g, '$1').replaceAll(NOW_IN_HISTORY, '');
