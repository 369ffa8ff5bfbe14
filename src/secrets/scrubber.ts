/** Shorter values would take half of every text with them. */
const MIN_LENGTH = 4;
const MASK = '[secret]';

export interface Scrubber {
  /** From now on this value appears nowhere. */
  readonly learn: (value: string) => void;
  /** The text without any learned value: neither plain nor JSON-escaped, URL-encoded or in base64. */
  readonly scrub: (text: string) => string;
}

/** Knows every credential the process has read, and takes it out of what leaves the process. */
export function createScrubber(): Scrubber {
  const known = new Set<string>();
  let forms: string[] = [];
  return {
    learn(value) {
      if (value.length < MIN_LENGTH || known.has(value)) return;
      known.add(value);
      // The longest first: one secret may be part of another.
      forms = [...new Set([...known].flatMap(formsOf))].toSorted((a, b) => b.length - a.length);
    },
    scrub(text) {
      let scrubbed = text;
      for (const form of forms) {
        if (scrubbed.includes(form)) scrubbed = scrubbed.replaceAll(form, MASK);
      }
      return scrubbed;
    },
  };
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
    new URLSearchParams([['', value]]).toString().slice(1),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
}
