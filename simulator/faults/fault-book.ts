import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../is-object.ts';
import { PLAIN_FAULT, type Fault, type FaultSubject, type NewFault } from './fault.ts';

/** The faults that are to come, and those that have been. */
export class FaultBook {
  #faults: Fault[] = [];
  #lastID = 0;

  add(fault: NewFault): Fault {
    const added: Fault = { ...PLAIN_FAULT, ...fault, id: (this.#lastID += 1), hits: 0 };
    this.#faults.push(added);
    return added;
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** All of them, or one. */
  remove(id?: number): void {
    this.#faults = id === undefined ? [] : this.#faults.filter((fault) => fault.id !== id);
  }

  /** The fault this request meets: the oldest that fits it and isn't used up. */
  take(subject: FaultSubject): Fault | undefined {
    for (const fault of this.#faults) {
      if (fault.times <= 0 || !fits(fault, subject)) continue;
      if (fault.after > 0) {
        fault.after -= 1;
        continue;
      }
      fault.times -= 1;
      fault.hits += 1;
      return fault;
    }
    return undefined;
  }
}

function fits(fault: Fault, subject: FaultSubject): boolean {
  const { operation, params, query, body } = subject;
  if (fault.operation !== '*' && fault.operation !== operation) return false;
  if (fault.applies && !fault.applies(subject)) return false;
  return Object.entries(fault.match).every(([name, expected]) => {
    const actual = params[name] ?? query.get(name) ?? (isObject(body) ? body[name] : undefined);
    return isDeepStrictEqual(actual, expected);
  });
}
