import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { ApiKey } from './api-key.ts';

export interface KeyFields {
  readonly acl: readonly string[];
  readonly description?: string | undefined;
  readonly indexes?: readonly string[] | undefined;
  readonly validity?: number | undefined;
  readonly more?: Readonly<Record<string, unknown>> | undefined;
}

/** The application's API keys; deleted ones can be restored. */
export class KeyStore {
  readonly #clock: Clock;
  readonly #keys = new Map<string, ApiKey>();
  readonly #deleted = new Map<string, ApiKey>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A key that exists, whether or not it may be used now. */
  get(value: string): ApiKey | undefined {
    return this.#keys.get(value);
  }

  /** A key that was deleted. */
  wasDeleted(value: string): boolean {
    return this.#deleted.has(value);
  }

  isUsable(key: ApiKey): boolean {
    const now = this.#clock.now();
    return key.usableAt <= now && now < key.expiresAt;
  }

  values(): ApiKey[] {
    return [...this.#keys.values()];
  }

  deletedValues(): ApiKey[] {
    return [...this.#deleted.values()];
  }

  add(fields: KeyFields, { value = randomBytes(16).toString('hex'), delayMs = 0 } = {}): ApiKey {
    const now = this.#clock.now();
    const validity = fields.validity ?? 0;
    const key: ApiKey = {
      value,
      acl: fields.acl,
      description: fields.description ?? '',
      indexes: fields.indexes ?? [],
      validity,
      more: fields.more ?? {},
      createdAt: now,
      usableAt: delayMs === 0 ? -Infinity : now + delayMs,
      expiresAt: validity === 0 ? Infinity : now + validity * 1000,
    };
    this.#keys.set(value, key);
    this.#deleted.delete(value);
    return key;
  }

  replace(key: ApiKey): void {
    this.#keys.set(key.value, key);
  }

  delete(value: string): boolean {
    const key = this.#keys.get(value);
    if (!key) return false;
    this.#keys.delete(value);
    this.#deleted.set(value, key);
    return true;
  }

  restore(value: string): boolean {
    const key = this.#deleted.get(value);
    if (!key) return false;
    this.#deleted.delete(value);
    this.#keys.set(value, key);
    return true;
  }
}
