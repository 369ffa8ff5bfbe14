import type { z } from 'zod';
import { badRequest } from '../http/api-error.ts';

/** The body as its schema describes it, or a 400 that names the first thing wrong with it. */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown, at = ''): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badRequest(describe(parsed.error.issues[0], at));
}

function describe(issue: z.core.$ZodIssue | undefined, at: string): string {
  if (!issue) return 'invalid request';
  const place = [at, ...issue.path.map(String)].filter((step) => step !== '').join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${[place, issue.keys[0]].filter(Boolean).join('.')}: unknown field`;
    case 'invalid_union':
      return issue.errors[0]?.[0]
        ? describe({ ...issue.errors[0][0], path: [...issue.path, ...issue.errors[0][0].path] }, at)
        : `${place}: invalid value`;
    case 'invalid_value':
      return `${place}: must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return issue.message.includes('received undefined')
        ? `${place || 'body'}: is required`
        : `${place || 'body'}: must be of type ${issue.expected}`;
    default:
      return `${place}: ${issue.message}`;
  }
}
