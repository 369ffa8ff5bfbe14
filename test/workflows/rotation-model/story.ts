import { fc } from '../../setup/fast-check.ts';

/** Where a rotation is held while something happens to it, in the order in which it comes there. */
export const STOPS = ['probe', 'approve', 'soak', 'converge', 'overlap', 'revoke'] as const;
export type Stop = (typeof STOPS)[number];

/** `third` is an operator's; `old` and `new` are those of the rotation. */
export type KeyName = 'old' | 'new' | 'third';

/** What somebody says about the plan that is shown, by a signal or an update. */
export interface Saying {
  readonly what: 'say';
  readonly by: 'signal' | 'update';
  readonly decision: 'approve' | 'reject';
  readonly approver: string | undefined;
  readonly hash: 'right' | 'wrong' | 'none';
}

export type Happening =
  | Saying
  | { readonly what: 'force'; readonly with: 'name and reason' | 'no reason' | 'nothing' }
  | { readonly what: 'cancel' }
  /** A key may do less at Algolia, or is deleted there, by somebody else. */
  | { readonly what: 'lose'; readonly key: 'old' | 'new'; readonly its: 'rights' | 'existence' }
  /** The next probe is refused, and none after it. */
  | { readonly what: 'refuse once' }
  /** An operator's `setClientApiKey`. */
  | { readonly what: 'switch'; readonly to: KeyName }
  /** Another key is put into the file of the new one. */
  | { readonly what: 'swap' }
  /** A second rotation is started, under the same workflow id or another one. */
  | { readonly what: 'rival'; readonly id: 'same' | 'another' }
  /** Somebody terminates the key ring. */
  | { readonly what: 'end ring' }
  | { readonly what: 'wait a day' };

/** What a rotation is asked to do, and what happens to it meanwhile. */
export interface Story {
  readonly mint: boolean;
  readonly revoke: 'delete' | 'leave';
  readonly quorum: 1 | 2;
  /** A worker takes part that never gets the new key. */
  readonly straggler: boolean;
  readonly happenings: readonly { readonly at: Stop; readonly does: Happening }[];
}

export const REQUESTER = 'ana';
export const APPROVERS = ['ana', 'bob', 'carol'];

/** As a counterexample is to be read: without prototypes. */
const readably = <T>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(members, { noNullPrototype: true });

const sayings = readably<Saying>({
  what: fc.constant('say'),
  by: fc.constantFrom('signal', 'update'),
  decision: fc.constantFrom('approve', 'approve', 'reject'),
  approver: fc.constantFrom('bob', 'bob', 'carol', 'carol', ' BOB ', REQUESTER, 'mallory', undefined),
  hash: fc.constantFrom('right', 'right', 'none', 'wrong'),
});
const happenings = fc.oneof<fc.WeightedArbitrary<Happening>[]>(
  { weight: 3, arbitrary: sayings },
  {
    weight: 2,
    arbitrary: readably({
      what: fc.constant('force' as const),
      with: fc.constantFrom('name and reason', 'no reason', 'nothing'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ what: 'cancel' }) },
  {
    weight: 3,
    arbitrary: readably({
      what: fc.constant('lose' as const),
      key: fc.constantFrom('old', 'new'),
      its: fc.constantFrom('rights', 'existence'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'refuse once' }) },
  {
    weight: 3,
    arbitrary: readably({ what: fc.constant('switch' as const), to: fc.constantFrom('old', 'new', 'third') }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'swap' }) },
  {
    weight: 1,
    arbitrary: readably({ what: fc.constant('rival' as const), id: fc.constantFrom('same', 'another') }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'end ring' }) },
  { weight: 1, arbitrary: fc.constant({ what: 'wait a day' }) },
);

/** What happens to a rotation all at once, in no order. */
export interface Storm extends Pick<Story, 'mint' | 'revoke' | 'quorum'> {
  readonly at: Stop;
  readonly happenings: readonly Happening[];
}

export const storms: fc.Arbitrary<Storm> = readably<Storm>({
  mint: fc.boolean(),
  revoke: fc.constantFrom('delete', 'delete', 'leave'),
  quorum: fc.constantFrom(1, 1, 2),
  at: fc.constantFrom('probe', 'approve', 'approve', 'soak', 'overlap'),
  happenings: fc.array(
    // A rival may win where the rotation ends, and a day is too long for a storm.
    happenings.filter(({ what }) => what !== 'rival' && what !== 'wait a day'),
    { minLength: 2, maxLength: 6 },
  ),
});

export const stories = (straggler: boolean): fc.Arbitrary<Story> =>
  readably<Story>({
    mint: fc.boolean(),
    revoke: fc.constantFrom('delete', 'delete', 'leave'),
    quorum: fc.constantFrom(1, 1, 2),
    straggler: fc.constant(straggler),
    happenings: fc.array(
      fc.oneof(
        { weight: 1, arbitrary: readably({ at: fc.constant('approve' as const), does: sayings }) },
        { weight: 2, arbitrary: readably({ at: fc.constantFrom(...STOPS), does: happenings }) },
      ),
      { maxLength: 6 },
    ),
  });
