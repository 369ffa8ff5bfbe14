import { fc } from '../../setup/fast-check.ts';
import { expect, test } from 'vitest';
import { judgeDecision, type Round } from '../../../src/workflows/steps/approval-judge.ts';

/** A message, as somebody may send it at some time. */
interface Message {
  readonly decision: 'approve' | 'reject';
  readonly approver: string | undefined;
  readonly hash: 'right' | 'wrong' | 'none';
  readonly meant: 'right' | 'wrong' | 'none';
  readonly afterMs: number;
}

interface Setting {
  readonly quorum: number;
  readonly forbidRequester: boolean;
  readonly listed: boolean;
}

const DEADLINE = 10_000;
const REQUESTER = 'ana';
const LISTED = ['ana', 'bob', 'carol'];
/** One person under several spellings, an outsider, and nobody. */
const people = fc.constantFrom('ana', 'bob', ' BOB ', 'ｂｏｂ', 'carol', 'Carol', 'mallory', undefined);
const messages = fc.array(
  fc.record<Message>({
    decision: fc.oneof({ weight: 5, arbitrary: fc.constant('approve' as const) }, fc.constant('reject' as const)),
    approver: people,
    hash: fc.constantFrom('right', 'right', 'none', 'wrong'),
    meant: fc.constantFrom('right', 'none', 'none', 'wrong'),
    afterMs: fc.nat({ max: 2_500 }),
  }),
  { maxLength: 12 },
);
const settings = fc.record<Setting>({
  quorum: fc.integer({ min: 1, max: 3 }),
  forbidRequester: fc.boolean(),
  listed: fc.boolean(),
});

test('whatever is said, by whomever and in whatever order, comes to what a page of paper would say', async () => {
  await fc.assert(
    fc.asyncProperty(settings, messages, async (setting, said) => {
      const round = roundOf(setting);
      const model = new Model(setting);
      let now = 0;
      for (const message of said) {
        now += message.afterMs;
        const verdict = await judgeDecision(round, {
          decision: message.decision,
          arrivedAt: now,
          said: {
            ...(message.approver === undefined ? {} : { approver: message.approver }),
            ...(message.hash === 'none' ? {} : { planHash: message.hash === 'right' ? 'sha256:AB12' : 'sha256:ff' }),
            ...(message.meant === 'none' ? {} : { approvalId: message.meant === 'right' ? 'q1' : 'q2' }),
          },
        });
        expect(verdict.counted).toBe(model.hear(message, now));
        expect({ decision: round.decision, approvals: round.by.length }).toEqual(model.state);
      }
      // Nothing that was said is forgotten.
      const counted = round.decision === 'rejected' ? 1 : round.by.length;
      expect(round.refused.length + counted).toBe(said.length);
    }),
    { numRuns: 2_000 },
  );
});

/** The rules, once more, as somebody would keep them by hand. */
class Model {
  readonly #setting: Setting;
  #approved = new Set<string>();
  #decision: 'approved' | 'rejected' | undefined;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  get state() {
    return { decision: this.#decision, approvals: this.#decision === 'rejected' ? 1 : this.#approved.size };
  }

  hear({ decision, approver, hash, meant }: Message, now: number): boolean {
    const { quorum, forbidRequester, listed } = this.#setting;
    const person = approver?.replace('ｂｏｂ', 'bob').trim().toLowerCase();
    if (this.#decision || now >= DEADLINE || person === undefined) return false;
    if (hash === 'wrong' || meant === 'wrong') return false;
    if (forbidRequester && person === REQUESTER) return false;
    if (listed && !LISTED.includes(person)) return false;
    if (decision === 'reject') this.#decision = 'rejected';
    else if (this.#approved.has(person)) return false;
    else if (this.#approved.add(person).size >= quorum) this.#decision = 'approved';
    return true;
  }
}

function roundOf({ quorum, forbidRequester, listed }: Setting): Round {
  return {
    id: 'q1',
    title: 'a question',
    plan: {},
    planHash: 'sha256:ab12',
    policy: {
      name: 'p',
      quorum,
      forbidRequester,
      minTrust: 'declared',
      escalateTo: [],
      expiresAfter: '24h',
      notify: [],
      channelOf: {},
      ...(listed ? { approvers: LISTED } : {}),
    },
    ...(listed ? { approvers: LISTED } : {}),
    requester: { identity: REQUESTER },
    deadline: DEADLINE,
    tokens: [],
    delivering: new Set(),
    tokensSent: new Map(),
    undelivered: [],
    by: [],
    refused: [],
  };
}
