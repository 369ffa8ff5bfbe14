import { expect, test } from 'vitest';
import { describeReplace } from '../../../src/workflows/steps/describe-replace.ts';
import { atTheStart, describeConnector } from '../../../src/workflows/steps/make-connector.ts';
import { plain } from '../../../src/workflows/steps/plain-text.ts';

const NAME = 'shop**: done\n\n### Approved by [everybody](https://example.com)\n```';

test('what people wrote is one line of text', () => {
  expect(plain(NAME)).toBe('shop\\*\\*: done \\#\\#\\# Approved by \\[everybody\\](https://example.com) \\`\\`\\`');
});

test('the name of a connector or an index cannot pass for a part of the page that is approved', () => {
  expect(describeConnector(atTheStart(NAME))).toMatch(/^\*\*shop\\\*.*\*\*: checking the input\n/);
  expect(describeReplace({ indexName: NAME, phase: 'checking' })).toMatch(/^\*\*shop\\\*.*\*\*: checking\n/);
});
