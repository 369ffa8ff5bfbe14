/** Shorter values would take half of every text with them. */
const MIN_LENGTH = 4;
/** A fragment of base64 that is shorter could stand anywhere. */
const MIN_BASE64_LENGTH = 8;
/** What stands in the place of a value. */
export const MASK = '[secret]';

export interface Scrubber {
  /** From now on this value appears nowhere. */
  readonly learn: (value: string) => void;
  /** The text without any learned value: neither plain nor JSON-escaped, URL-encoded or in base64, alone or among other text. */
  readonly scrub: (text: string) => string;
}

/** Knows every credential the process has read, and takes it out of what leaves the process. */
export function createScrubber(): Scrubber {
  const known = new Set<string>();
  let forms: string[] = [];
  /** The forms that are part of others: a text without these is a text without any. */
  let shortest: string[] = [];
  return {
    learn(value) {
      if (value.length < MIN_LENGTH || known.has(value)) return;
      known.add(value);
      // The longest first: one secret may be part of another.
      forms = [...new Set([...known].flatMap(formsOf))].toSorted((a, b) => b.length - a.length);
      shortest = forms.filter((form) => !forms.some((other) => other !== form && form.includes(other)));
    },
    scrub(text) {
      if (!holdsAny(text, shortest)) return text;
      let scrubbed = text;
      for (const form of forms) {
        if (scrubbed.includes(form)) scrubbed = scrubbed.replaceAll(form, MASK);
      }
      return scrubbed;
    },
  };
}

function holdsAny(text: string, parts: readonly string[]): boolean {
  for (const part of parts) if (text.includes(part)) return true;
  return false;
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    ...inJson(value),
    ...inUrls(value),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    ...[0, 1, 2].flatMap((offset) => inTheMiddleOfBase64(bytes, offset)),
  ];
}

/** As JSON.stringify escapes it, and as encoders do that escape more: what Algolia passes on was written by any of them. */
function inJson(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const escaped = (characters: RegExp) => json.replace(characters, escapeUnit);
  // Go's, which Algolia's answers come from; Python's; PHP's, which escapes slashes besides.
  const spelled = [json, escaped(/[<>&]/g), escaped(/[^\x20-\x7e]/g)];
  return [...spelled, ...spelled.map((text) => text.replaceAll('/', '\\/'))];
}

const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Encoders differ in the characters that they leave as they are, in what a blank is, and in the size of the digits. */
function inUrls(value: string): string[] {
  const uri = encodeURIComponent(value.toWellFormed());
  const strict = uri.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const encoded = [uri, strict, strict.replaceAll('%20', '+'), form];
  return [...encoded, ...encoded.map((text) => text.replace(/%../g, (byte) => byte.toLowerCase()))];
}

/** The characters that the bytes alone decide when `offset` others (mod 3) stand before them, as in `user:password`. */
function inTheMiddleOfBase64(bytes: Buffer, offset: number): string[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const from = Math.ceil((offset * 8) / 6);
  const to = Math.floor((encoded.length * 8) / 6);
  if (to - from < MIN_BASE64_LENGTH) return [];
  return [encoded.toString('base64').slice(from, to), encoded.toString('base64url').slice(from, to)];
}
