import { expect, test } from 'vitest';
import { describeReplace } from '../../../src/workflows/steps/describe-replace.ts';
import { atTheStart, describeConnector } from '../../../src/workflows/steps/make-connector.ts';
import { code, plain } from '../../../src/workflows/steps/plain-text.ts';

const NAME = 'shop**: done\n\n### Approved by [everybody](https://example.com)\n```';

test('what people wrote is one line of text', () => {
  expect(plain(NAME)).toBe('shop\\*\\*: done \\#\\#\\# Approved by \\[everybody\\](https://example.com) \\`\\`\\`');
});

test('JSON is code, so that its quotes stay what they are; nothing in it can end the code', () => {
  expect(plain('unknown field; expected {"approver": "bob", "a": {"b": 1}} or so')).toBe(
    'unknown field; expected `{"approver": "bob", "a": {"b": 1}}` or so',
  );
  expect(plain('{"a": "`**b**`"}')).toBe('{"a": "\\`\\*\\*b\\*\\*\\`"}');
  expect(code('{"a": "``b`"}\n')).toBe('``` {"a": "``b`"}  ```');
});

test('what is within a word needs no escape', () => {
  expect(plain('ana_b@example.com _all_ __of__ it')).toBe('ana_b@example.com \\_all\\_ \\_\\_of\\_\\_ it');
});

test('the name of a connector or an index cannot pass for a part of the page that is approved', () => {
  expect(describeConnector(atTheStart(NAME))).toMatch(/^\*\*shop\\\*.*\*\*: checking the input\n/);
  expect(describeReplace({ indexName: NAME, phase: 'checking' })).toMatch(/^\*\*shop\\\*.*\*\*: checking\n/);
});
