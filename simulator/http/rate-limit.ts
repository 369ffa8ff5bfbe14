import type { Settings } from '../settings.ts';
import { ApiError } from './api-error.ts';

/** As many requests as are allowed in one second, then a 429 until the second is over; in real time. */
export class RateLimit {
  readonly #settings: Settings;
  #second = 0;
  #count = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Throws a 429 for a request too many. */
  check(): void {
    const { rateLimit } = this.#settings;
    if (rateLimit === false) return;
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count <= rateLimit) return;
    throw new ApiError(429, 'Too Many Requests', {}, { 'retry-after': '1' });
  }
}
