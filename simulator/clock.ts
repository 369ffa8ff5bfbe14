import { setImmediate as nextTurn } from 'node:timers/promises';

/** A real timeout can't be longer than this. */
const MAX_TIMEOUT_MS = 2_000_000_000;

interface Alarm {
  readonly due: number;
  readonly ring: () => void;
  cancelled: boolean;
}

/**
 * The simulator's time: real time, until it is set, sped up or advanced. Everything that happens later waits here,
 * so that advancing a year makes a year's runs happen, in order.
 */
export class Clock {
  #simulated = Date.now();
  #real = performance.now();
  #rate = 1;
  /** Latest first, so that the next alarm is the last element. */
  readonly #alarms: Alarm[] = [];
  readonly #busy = new Set<Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  now(): number {
    return this.#simulated + (performance.now() - this.#real) * this.#rate;
  }

  get rate(): number {
    return this.#rate;
  }

  iso(): string {
    return new Date(this.now()).toISOString();
  }

  /** How many simulated milliseconds a real one takes. */
  setRate(rate: number): void {
    this.#anchor(this.now());
    this.#rate = rate;
    this.#arm();
  }

  /** Rings at this simulated time, or at once if it is past. After `stop` nothing rings any more. */
  at(due: number, ring: () => void): () => void {
    const alarm: Alarm = { due, ring, cancelled: false };
    if (this.#stopped) return () => {};
    this.#alarms.splice(this.#placeFor(due), 0, alarm);
    this.#arm();
    return () => {
      alarm.cancelled = true;
    };
  }

  /** Waits for a simulated time, but at least for other work to have its turn. */
  async until(due: number): Promise<void> {
    if (due <= this.now()) return this.busy(nextTurn());
    return new Promise((resolve) => this.at(due, resolve));
  }

  sleep(ms: number): Promise<void> {
    return this.until(this.now() + ms);
  }

  /** Marks work that takes real time, such as a fetch: time doesn't advance past it. */
  busy<T>(work: Promise<T>): Promise<T> {
    const entry: Promise<void> = work.then(
      () => void this.#busy.delete(entry),
      () => void this.#busy.delete(entry),
    );
    this.#busy.add(entry);
    return work;
  }

  /** Jumps ahead. Whatever is due in between happens at its time and in its order, with the work it causes. */
  async advanceTo(target: number): Promise<void> {
    await this.#settle();
    for (let next = this.#alarms.at(-1); next && next.due <= target; next = this.#alarms.at(-1)) {
      this.#anchor(Math.max(this.now(), next.due));
      this.#ringNext();
      await this.#settle();
    }
    this.#anchor(Math.max(this.now(), target));
    this.#arm();
  }

  /** Sets the time without anything happening in between. */
  jumpTo(time: number): void {
    this.#anchor(time);
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#alarms.length = 0;
    clearTimeout(this.#timer);
  }

  async #settle(): Promise<void> {
    do {
      await nextTurn();
      await Promise.all(this.#busy);
    } while (this.#busy.size > 0);
  }

  #anchor(time: number): void {
    this.#simulated = time;
    this.#real = performance.now();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#alarms.at(-1);
    if (!next || this.#stopped) return;
    const waitMs = (next.due - this.now()) / this.#rate;
    this.#timer = setTimeout(() => this.#ringAll(), Math.min(Math.max(waitMs, 0), MAX_TIMEOUT_MS));
  }

  #ringAll(): void {
    for (let next = this.#alarms.at(-1); next && next.due <= this.now(); next = this.#alarms.at(-1)) this.#ringNext();
    this.#arm();
  }

  #ringNext(): void {
    const alarm = this.#alarms.pop();
    if (alarm && !alarm.cancelled) alarm.ring();
  }

  /** After all later alarms and before all that are due at the same time or earlier: those ring first. */
  #placeFor(due: number): number {
    let low = 0;
    let high = this.#alarms.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#alarms[middle] as Alarm).due > due) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
