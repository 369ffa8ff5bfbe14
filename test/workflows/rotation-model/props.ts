import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import type { Fault } from '../../../simulator/faults/fault.ts';
import { fingerprint, type ApiKey } from '../../../simulator/search/api-key.ts';
import { keyRingId, type KeyRingState } from '../../../src/secrets/key-ring-state.ts';
import type { Stage } from './stage.ts';
import type { Happening, KeyName } from './story.ts';

/** Ingestion that does not go on takes as long as this. */
const PATIENCE = { timeout: 30_000, interval: 250 };
/** Where an operator puts the old key: under a name of its own. */
const AGAIN = ' again';

/** The keys of one story: at Algolia, in files of their own, and on the ring. */
export class Props {
  readonly #stage: Stage;
  readonly #id = randomUUID().slice(0, 8);
  /** Values that somebody else has deleted. */
  readonly #taken = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async lay({ mint }: { readonly mint: boolean }): Promise<void> {
    for (const name of ['old', 'third', 'rival', ...(mint ? [] : ['new'])]) await this.putKey(name);
    this.#write(`old${AGAIN}`, this.#read('old'));
    await this.#promote('old');
  }

  async putKey(name: string): Promise<void> {
    const value = `${name}-key-${randomUUID()}`;
    await this.#stage.simulator.control('POST /keys', { key: value });
    this.#write(name, value);
  }

  /** An operator's `setClientApiKey`. */
  switchTo(key: KeyName): Promise<unknown> {
    return this.#promote(key === 'old' ? `old${AGAIN}` : key);
  }

  lose({ key, its }: Extract<Happening, { what: 'lose' }>, rotationId: string): void {
    const { keys } = this.#stage.simulator.world;
    const [value = ''] = this.#valuesOf(key, rotationId);
    const found = keys.get(value);
    if (!found) throw new Error(`the ${key} key is gone already`);
    if (its === 'rights') return keys.replace({ ...found, acl: ['search'] });
    this.#taken.add(value);
    keys.delete(value);
  }

  /** The keys that somebody has deleted, and nobody in the story. */
  deleted(rotationId: string): KeyName[] {
    const { keys } = this.#stage.simulator.world;
    return (['new', 'old', 'third'] as const).filter((name) =>
      this.#valuesOf(name, rotationId).some((value) => keys.wasDeleted(value) && !this.#taken.has(value)),
    );
  }

  /** What a rotation has created, be it there or not. */
  minted(rotationId: string): ApiKey[] {
    const { keys } = this.#stage.simulator.world;
    const description = `rotateApiKey ${rotationId}`;
    return [...keys.values(), ...keys.deletedValues()].filter((key) => key.description === description);
  }

  async ring(): Promise<KeyRingState> {
    const { simulator, worker } = this.#stage;
    const { memo } = await worker.client.workflow.getHandle(keyRingId(simulator.applicationId)).describe();
    return memo?.keyRing as KeyRingState;
  }

  async endRing(): Promise<void> {
    const { simulator, worker } = this.#stage;
    const ring = worker.client.workflow.getHandle(keyRingId(simulator.applicationId));
    // It may have been ended before.
    await ring.terminate().catch(() => undefined);
  }

  /** Whether a worker sends its requests with this key, and they are granted. It may go on with the key before for a few seconds. */
  ingestsWith(name: string): Promise<boolean> {
    const value = this.#read(name);
    const ask = async () => {
      await this.#ask('listTasks', {});
      const [request] = this.#stage.simulator.world.requests.list({ operation: 'listTasks', limit: 1 });
      if (request?.keyFingerprint !== fingerprint(value)) throw new Error('it goes on with another key');
    };
    return vi.waitFor(ask, PATIENCE).then(
      () => true,
      () => false,
    );
  }

  refuse(operation: string, status: number, times: number): Fault {
    const { faults } = this.#stage.simulator.world;
    return faults.add({ operation, status, times, kind: 'status' });
  }

  reference = (name: string): string => `file:${this.#id}/${name}`;
  fileOf = (reference: string): string => reference.slice(this.reference('').length);
  nameOf = (reference: string): KeyName => this.fileOf(reference).replace(AGAIN, '') as KeyName;
  hasFile = (name: string): boolean => existsSync(this.#path(name));

  #valuesOf(name: KeyName, rotationId: string): string[] {
    const minted = name === 'new' ? this.minted(rotationId).map(({ value }) => value) : [];
    return minted.length > 0 || !this.hasFile(name) ? minted : [this.#read(name)];
  }

  #promote(name: string): Promise<unknown> {
    return this.#ask('setClientApiKey', { apiKey: { $secret: this.reference(name) } });
  }

  #ask(activity: string, input: object): Promise<unknown> {
    const { client, taskQueue } = this.#stage.worker;
    return client.activity.execute(activity, {
      id: randomUUID(),
      taskQueue,
      args: [input],
      startToCloseTimeout: '30s',
      retry: { maximumAttempts: 3 },
    });
  }

  #write(name: string, value: string): void {
    mkdirSync(dirname(this.#path(name)), { recursive: true });
    writeFileSync(this.#path(name), value);
  }

  #read = (name: string) => readFileSync(this.#path(name), 'utf8');
  #path = (name: string) => join(this.#stage.secretsDir, this.#id, name);
}
