import { z } from 'zod';
import { parseWorded } from '../../algolia/wording.ts';
import { isTooLong } from '../../duration-ms.ts';
import { whyNotBelow } from '../../records/record-file.ts';

const A_DURATION = 'expected a duration such as "30s", "15m", "2h" or "1d"';

/** A duration as every input takes it. Workflows turn it into ms with `steps/duration.ts`, which knows the same units and the same end. */
export const duration = z
  .string({ error: ({ input }) => (input === undefined ? undefined : A_DURATION) })
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, A_DURATION)
  .refine((text) => !isTooLong(text), 'longer than ten years');

/** A time zone as the tz database names it. */
export const timezone = z.string().refine(isTimezone, 'expected a time zone such as "Europe/Berlin" or "UTC"');

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format();
    return true;
  } catch {
    return false;
  }
}

/** The schema behind a check that is code, less the members that a workflow fills in: published schemas show that instead. */
export const schemaBehind = new WeakMap<z.core.$ZodType, { schema: z.ZodType; without: readonly string[] }>();

/** Checks by `schema`, but keeps the value as the caller wrote it: references to secrets stay references. */
export function asWritten<S extends z.ZodType>(schema: S) {
  const written = z.custom<z.input<S>>().check((ctx) => {
    const parsed = parseWorded(schema, ctx.value);
    if (!parsed.success) ctx.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
  });
  schemaBehind.set(written, { schema, without: [] });
  return written;
}

/** Why, and on whose behalf: shown to whoever looks at the workflow. */
export const intent = {
  requestedBy: z.string().min(1).optional(),
  reason: z.string().min(1).optional(),
};

/** Which of the worker's approval policies decides; default: the one named `default`. */
export const approvalBy = z.strictObject({ policy: z.string().min(1).optional() });

/** As in a path of the API, where `.` and `..` would lead elsewhere. */
export const id = z
  .string()
  .min(1, 'an id may not be empty')
  .regex(/^(?!\.{1,2}$)/, "an id may not be '.' or '..'");

/** The check of a `file:` URI: by its name at least it leads to nothing outside of `RECORDS_DIR`. */
export function staysBelow(ctx: z.core.ParsePayload<string>): void {
  const message = ctx.value.startsWith('file:') ? whyNotBelow(ctx.value) : undefined;
  if (message !== undefined) ctx.issues.push({ code: 'custom', message, input: ctx.value });
}
