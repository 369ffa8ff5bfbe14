type Keys<T> = Readonly<Record<string, (item: T) => readonly string[]>>;

/** Resources of one kind in the order of their creation, found by id and by what they refer to. */
export class Collection<T extends object> {
  readonly #idOf: (item: T) => string;
  readonly #keys: Keys<T>;
  readonly #items = new Map<string, T>();
  readonly #index = new Map<string, Set<string>>();

  constructor(idOf: (item: T) => string, keys: Keys<T> = {}) {
    this.#idOf = idOf;
    this.#keys = keys;
  }

  get size(): number {
    return this.#items.size;
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  /** Adds an item, or replaces the one with its id. Items are not to be changed in place where a key depends on it. */
  put(item: T): T {
    const id = this.#idOf(item);
    this.#unlink(id);
    for (const key of this.#keysOf(item)) {
      const ids = this.#index.get(key);
      if (ids) ids.add(id);
      else this.#index.set(key, new Set([id]));
    }
    this.#items.set(id, item);
    return item;
  }

  delete(id: string): void {
    this.#unlink(id);
    this.#items.delete(id);
  }

  values(): T[] {
    return [...this.#items.values()];
  }

  /** The items whose key of this name has this value. */
  by(name: string, value: string): T[] {
    return [...(this.#index.get(`${name}\n${value}`) ?? [])].map((id) => this.#items.get(id) as T);
  }

  countBy(name: string, value: string): number {
    return this.#index.get(`${name}\n${value}`)?.size ?? 0;
  }

  #unlink(id: string): void {
    const item = this.#items.get(id);
    if (!item) return;
    for (const key of this.#keysOf(item)) {
      const ids = this.#index.get(key);
      ids?.delete(id);
      if (ids?.size === 0) this.#index.delete(key);
    }
  }

  #keysOf(item: T): string[] {
    return Object.entries(this.#keys).flatMap(([name, values]) => values(item).map((value) => `${name}\n${value}`));
  }
}
