import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { messageOf, whyUnreadable } from './message-of.ts';

/** What the YAML file of that name, or of that descriptor, says, checked by nobody. What `fail` makes of a reason is thrown. */
export function readYaml(path: string | number, fail: (why: string, cause?: unknown) => Error): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw fail(`cannot be read: ${whyUnreadable(error)}`, error);
  }
  const document = parseDocument(text, { prettyErrors: true, merge: true });
  const [error] = [...document.errors, ...document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')];
  if (error?.code === 'MULTIPLE_DOCS') throw fail('it holds several documents (---), and only one can be read', error);
  // `!env URL` would be the text URL.
  if (error?.code === 'TAG_RESOLVE_FAILED')
    throw fail(firstLine(error.message).replace('Unresolved tag', 'unknown tag'), error);
  if (error) throw fail(firstLine(error.message), error);
  try {
    return document.toJS();
  } catch (error) {
    // An alias that names nothing, or aliases of aliases that would fill the memory.
    throw fail(messageOf(error), error);
  }
}

/** What is wrong and where; below it, the place is drawn. */
const firstLine = (message: string): string => (message.split('\n')[0] ?? '').replace(/:$/, '');
