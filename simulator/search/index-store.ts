import type { Clock } from '../clock.ts';
import type { Settings } from '../settings.ts';
import type { SearchIndex } from './search-index.ts';

/** The indices, and the tasks that change them a little later, one after another, as Algolia's do. */
export class IndexStore {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #indices = new Map<string, SearchIndex>();
  readonly #pending = new Set<number>();
  #lastTaskID = 0;
  #lastDue = 0;

  constructor(clock: Clock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get(name: string): SearchIndex | undefined {
    return this.#indices.get(name);
  }

  getOrCreate(name: string): SearchIndex {
    const existing = this.#indices.get(name);
    if (existing) return existing;
    const now = this.#clock.iso();
    const index: SearchIndex = {
      name,
      records: new Map(),
      settings: {},
      rules: new Map(),
      synonyms: new Map(),
      createdAt: now,
      updatedAt: now,
      pendingTasks: 0,
    };
    this.#indices.set(name, index);
    return index;
  }

  /** The index, created if need be, marked as changed now. */
  touch(name: string): SearchIndex {
    const index = this.getOrCreate(name);
    index.updatedAt = this.#clock.iso();
    return index;
  }

  delete(name: string): void {
    this.#indices.delete(name);
  }

  values(): SearchIndex[] {
    return [...this.#indices.values()];
  }

  /** Applies a change after the time such a task takes, after all earlier ones; returns its taskID. */
  schedule(name: string, change: () => void): number {
    const taskID = (this.#lastTaskID += 1);
    const due = Math.max(this.#clock.now() + this.#settings.indexTaskMs / this.#settings.speed, this.#lastDue);
    this.#lastDue = due;
    this.#pending.add(taskID);
    this.#count(name, 1);
    this.#clock.at(due, () => {
      change();
      this.#pending.delete(taskID);
      this.#count(name, -1);
    });
    return taskID;
  }

  /** undefined: there never was such a task. */
  statusOf(taskID: number): 'published' | 'notPublished' | undefined {
    if (!Number.isInteger(taskID) || taskID < 1 || taskID > this.#lastTaskID) return undefined;
    return this.#pending.has(taskID) ? 'notPublished' : 'published';
  }

  #count(name: string, change: 1 | -1): void {
    const index = this.#indices.get(name);
    if (index) index.pendingTasks = Math.max(0, index.pendingTasks + change);
  }
}
