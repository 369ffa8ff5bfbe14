import {
  APPROVERS,
  REQUESTER,
  STOPS,
  type Happening,
  type KeyName,
  type Saying,
  type Stop,
  type Story,
} from './story.ts';

/** What is done to a rotation at one of its stops, after which it goes on, or ends. */
export interface Scene {
  readonly stop: Stop;
  readonly happenings: readonly Foretold[];
  /** Whether the rotation ends of it. */
  readonly ends: boolean;
}

export interface Foretold {
  readonly does: Happening;
  /** It is the approval of a plan that has changed meanwhile, so people are asked again. */
  readonly askedAgain: boolean;
}

/** What a rotation comes to, as somebody would see it who looks at everything afterwards. */
export interface Ending {
  readonly outcome: 'revoked' | 'left' | 'abandoned' | 'rolledBack' | 'incomplete';
  readonly closed: 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly approval: 'none' | 'approved' | 'rejected' | 'expired' | 'cancelled';
  /** How many decisions were refused, or came to nothing. */
  readonly refused: number;
  /** How many decided it. */
  readonly counted: number;
  readonly currentKey: KeyName;
  /** How often the current key has changed. */
  readonly switches: number;
  /** Keys that the rotation has deleted. */
  readonly deleted: readonly KeyName[];
  readonly minted: number;
  /** Whether the file of the new key is there. */
  readonly newFile: boolean;
  /** Whether a worker's request is granted. */
  readonly ingests: boolean;
  /** Whether an operator went on without the workers that had not confirmed. */
  readonly forced: boolean;
  /** Held: it waits for a key, a rotation or the end of an overlap. */
  readonly ring: 'free' | 'held';
}

export const APPROVE = { what: 'say', by: 'signal', decision: 'approve', hash: 'right' } as const;
const FORCE = { what: 'force', with: 'name and reason' } as const;

/** The rules of a rotation, once more, as somebody would keep them by hand: what of a story comes to pass, and what it comes to. */
export function foretell(story: Story): { readonly scenes: readonly Scene[]; readonly ending: Ending } {
  const book = new Book(story);
  const scenes: Scene[] = [];
  for (const stop of STOPS) {
    const happenings: Foretold[] = [];
    const put = (does: Happening) => {
      const rounds = book.rounds;
      if (!book.hasLeft && book.write(does)) happenings.push({ does, askedAgain: book.rounds > rounds });
    };
    if (!book.comeTo(stop)) continue;
    for (const { at, does } of story.happenings) if (at === stop) put(does);
    // What nobody has done in the story is done in the end, so that it goes on.
    if (stop === 'converge') put(FORCE);
    while (stop === 'approve' && !book.hasLeft) for (const approver of ['bob', 'carol']) put({ ...APPROVE, approver });
    if (happenings.length > 0) scenes.push({ stop, happenings, ends: book.isOver });
  }
  return { scenes, ending: book.close() };
}

class Book {
  readonly #story: Story;
  #stop: Stop = 'probe';
  #end: Pick<Ending, 'outcome' | 'closed'> | undefined;
  hasLeft = false;
  rounds = 1;
  #decision: Ending['approval'] | undefined = 'none';
  #approvers = new Set<string>();
  #refused = 0;
  /** The plan is no longer what was asked. */
  #stale = false;
  #forced = false;
  #promoted = false;
  #from: KeyName = 'old';
  #current: KeyName = 'old';
  /** Where an operator has put it, which is another place than the rotation's. */
  #operators = false;
  #switches = 0;
  #swapped = false;
  readonly #lost = new Map<KeyName, 'rights' | 'existence'>();

  constructor(story: Story) {
    this.#story = story;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  comeTo(stop: Stop): boolean {
    this.#stop = stop;
    this.hasLeft = this.#end !== undefined;
    if (stop === 'approve' && !this.hasLeft) this.#decision = undefined;
    if (stop === 'converge') return this.#story.straggler;
    return stop !== 'revoke' || this.#story.revoke === 'delete';
  }

  /** False: it can't happen here, or nobody could say what comes of it. */
  write(happening: Happening): boolean {
    const stop = this.#stop;
    const tooLate = stop === 'revoke';
    switch (happening.what) {
      case 'say':
        this.#hear(happening);
        return true;
      case 'force':
        if (stop === 'converge' && happening.with === 'name and reason') this.hasLeft = this.#forced = true;
        return true;
      case 'cancel':
        if (!tooLate) this.#giveUp('CANCELLED');
        return true;
      case 'lose':
        if (this.#lost.has(happening.key) || (happening.key === 'new' && this.#swapped)) return false;
        this.#lost.set(happening.key, happening.its);
        if (!tooLate && happening.key === 'new' && stop !== 'approve') this.#giveUp('FAILED');
        return true;
      case 'refuse once':
        if (this.#promoted && !tooLate) this.#giveUp('FAILED');
        return !tooLate;
      case 'switch':
        this.#switch(happening.to);
        return true;
      case 'swap':
        if (tooLate || this.#story.mint || this.#swapped || this.#lost.has('new')) return false;
        if (this.#current === 'new' && !this.#promoted) return false;
        this.#swapped = this.#stale = true;
        if (stop !== 'approve') this.#giveUp('FAILED');
        return true;
      case 'rival':
      case 'end ring':
        return true;
      case 'wait a day':
        if (stop === 'approve') this.#deny('expired');
        return stop === 'approve';
    }
  }

  close(): Ending {
    const { mint } = this.#story;
    const { outcome, closed } = this.#end ?? this.#lastEnd();
    const discarded = mint && this.#current !== 'new' && (outcome === 'abandoned' || outcome === 'rolledBack');
    const deleted: KeyName[] = outcome === 'revoked' ? [this.#from] : discarded ? ['new'] : [];
    const gone = (key: KeyName) => this.#lost.has(key) || deleted.includes(key);
    return {
      outcome,
      closed,
      approval: this.#decision ?? 'none',
      refused: this.#refused,
      counted: this.#decision === 'rejected' ? 1 : this.#approvers.size,
      currentKey: this.#current,
      switches: this.#switches,
      deleted: deleted.filter((key) => this.#lost.get(key) !== 'existence'),
      minted: mint ? 1 : 0,
      newFile: !discarded,
      ingests: !gone(this.#current),
      forced: this.#forced,
      ring: 'free',
    };
  }

  #lastEnd(): Pick<Ending, 'outcome' | 'closed'> {
    if (this.#story.revoke === 'leave') return { outcome: 'left', closed: 'COMPLETED' };
    // An operator may have put the old key back where it counts: then it stays.
    if (this.#current === this.#from) return { outcome: 'incomplete', closed: 'FAILED' };
    // While the key that counts does not do, the old one is not deleted.
    if (this.#lost.has(this.#current)) return { outcome: 'incomplete', closed: 'FAILED' };
    return { outcome: 'revoked', closed: 'COMPLETED' };
  }

  #hear({ decision, approver, hash }: Saying): void {
    const person = approver?.trim().toLowerCase();
    const entitled = person !== undefined && person !== REQUESTER && APPROVERS.includes(person);
    const repeated = decision === 'approve' && this.#approvers.has(person ?? '');
    if (this.#decision !== undefined || !entitled || hash === 'wrong' || repeated) {
      this.#refused += 1;
    } else if (decision === 'reject') {
      this.#deny('rejected');
    } else if (this.#approvers.add(person).size >= this.#story.quorum) {
      this.#approve();
    }
  }

  #approve(): void {
    if (this.#stale) {
      // The new key is current already, which is no rotation.
      if (this.#current === 'new') return this.#giveUp('FAILED');
      this.#voidApprovals();
      this.rounds += 1;
      this.#from = this.#current;
      this.#stale = false;
      return;
    }
    this.#decision = 'approved';
    if (this.#lost.has('new')) return this.#finish('abandoned', 'FAILED');
    this.hasLeft = this.#promoted = true;
    this.#turn('new');
  }

  #deny(decision: 'rejected' | 'expired'): void {
    this.#decision = decision;
    this.#voidApprovals();
    this.#finish('abandoned', 'COMPLETED');
  }

  #voidApprovals(): void {
    this.#refused += this.#approvers.size;
    this.#approvers.clear();
  }

  #switch(to: KeyName): void {
    if (this.#current === to && (this.#operators || to !== 'old')) return;
    this.#turn(to);
    this.#operators = true;
    this.#stale = true;
    if (this.#promoted && this.#stop !== 'revoke') this.#finish('incomplete', 'FAILED');
  }

  #giveUp(closed: 'FAILED' | 'CANCELLED'): void {
    if (!this.#promoted) {
      if (this.#decision === undefined) this.#decision = 'cancelled';
      this.#voidApprovals();
      return this.#finish('abandoned', closed);
    }
    // There is no way back to a key that Algolia refuses, as long as the new one does.
    if (this.#lost.has(this.#from) && !this.#lost.has('new') && !this.#stale) return this.#finish('incomplete', closed);
    this.#turn(this.#from);
    this.#finish('rolledBack', closed);
  }

  #turn(to: KeyName): void {
    this.#current = to;
    this.#operators = false;
    this.#switches += 1;
  }

  #finish(outcome: Ending['outcome'], closed: Ending['closed']): void {
    this.hasLeft = true;
    this.#end = { outcome, closed };
  }
}
