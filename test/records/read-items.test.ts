import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRecord, type CheckedRecord } from '../../src/records/check-record.ts';
import { START, type Item, type Position } from '../../src/records/item.ts';
import { readItems } from '../../src/records/read-items.ts';
import { readJsonArray } from '../../src/records/read-json-array.ts';
import { makeRecordsDirectory, type RecordsDirectory } from '../setup/records-directory.ts';

let files: RecordsDirectory;
beforeAll(async () => {
  files = await makeRecordsDirectory();
});
afterAll(() => files.remove());

const MAX_BYTES = 10_000;

async function itemsOf(uri: string, from?: Position): Promise<Item[]> {
  const access = { directory: files.path, hosts: [], userAgent: '' };
  const reader = await readItems({ uri }, access, { maxBytes: MAX_BYTES, ...(from ? { from } : {}) });
  const items: Item[] = [];
  try {
    for await (const some of reader.items) items.push(...some.map(kept));
  } finally {
    await reader.close();
  }
  return items;
}

/** The memory behind an item is used again when the next ones are read. */
function kept(item: Item): Item {
  if (item.content.kind !== 'text') return item;
  const { chunk, start, end } = item.content.text;
  return { ...item, content: { kind: 'text', text: { chunk: Buffer.from(chunk), start, end } } };
}

const read = async (text: string | Buffer, name: string) => itemsOf((await files.writeText(text, name)).uri);
const recordsOf = (items: readonly Item[]) =>
  items.map((item) => {
    const check = checkRecord(item, MAX_BYTES);
    return check.ok ? check.record.members : { line: item.number, why: check.why };
  });

const products = Array.from({ length: 2_000 }, (_, n) => ({
  objectID: `p${n}`,
  title: `Zürich №${n} 🚲 "quoted", ${'x'.repeat(n % 700)}`,
}));
const ndjson = products.map((record) => JSON.stringify(record)).join('\n');
const csv = `objectID,title\n${products.map(({ objectID, title }) => `${objectID},"${title.replaceAll('"', '""')}"`).join('\n')}\n`;

describe.each([
  ['products.ndjson', ndjson],
  ['products.jsonl', `\uFEFF${ndjson.replaceAll('\n', '\r\n\r\n')}\r\n`],
  ['products.json', JSON.stringify(products)],
  ['pretty.json', JSON.stringify(products, null, 2)],
  ['products.csv', csv],
  ['windows.csv', `\uFEFF${csv.replaceAll('\n', '\r\n')}`],
])('%s', (name, text) => {
  test('holds the records, in their order', async () => {
    expect(recordsOf(await read(text, name))).toEqual(products);
  });

  test('holds the same as gzip, whatever the name says', async () => {
    expect(recordsOf(await read(gzipSync(text), `${name}.gz`))).toEqual(products);
    expect(recordsOf(await read(gzipSync(text), `zipped-${name}`))).toEqual(products);
  });

  test('goes on from any item as if it had been read up to there', async () => {
    for (const zipped of [false, true]) {
      const { uri } = await files.writeText(zipped ? gzipSync(text) : text, name);
      const all = await itemsOf(uri);
      for (const place of [1, 777, 1_999, 2_000]) {
        const last = all[place - 1] as Item;
        const from = { items: place, lines: last.number, offset: last.end ?? 0 };
        expect((await itemsOf(uri, from)).map(({ number }) => number)).toEqual(
          all.slice(place).map(({ number }) => number),
        );
      }
    }
  });
});

test('NDJSON knows where each record ends, in bytes; gzip has no such place', async () => {
  const text = '{"objectID":"ü"}\n{"objectID":"b"}\n';
  expect((await read(text, 'a.ndjson')).map(({ end }) => end)).toEqual([18, 35]);
  expect((await read(gzipSync(text), 'a.ndjson.gz')).map(({ end }) => end)).toEqual([undefined, undefined]);
});

test.each([
  ['a.ndjson', '{"objectID":"a","big":12345678901234567890}\n'],
  ['a.json', '[ {"objectID":"a","big":12345678901234567890} ]'],
])('a record stays as it is written in %s', async (name, text) => {
  const [item] = await read(text, name);
  const check = checkRecord(item as Item, MAX_BYTES);
  const { chunk, start, end } = (check as { record: CheckedRecord }).record.json;
  expect(chunk.toString('utf8', start, end)).toBe('{"objectID":"a","big":12345678901234567890}');
});

test('says what is wrong with a line, and goes on with the next', async () => {
  const lines = [
    '{"objectID":"a"}',
    'nonsense',
    '',
    '[1]',
    'null',
    '{"objectID":3}',
    '{"objectID":""}',
    '{"title":"x"}',
    `{"objectID":"long","text":"${'x'.repeat(30_000)}"}`,
    '{"objectID":"z"}',
  ];
  const text = Buffer.concat([Buffer.from(lines.join('\n')), Buffer.from('\n{"objectID":"\xff"}', 'latin1')]);
  expect(recordsOf(await read(text, 'bad.ndjson'))).toEqual([
    { objectID: 'a' },
    { line: 2, why: expect.stringContaining('not JSON') },
    { line: 4, why: 'not an object' },
    { line: 5, why: 'not an object' },
    { line: 6, why: expect.stringContaining('objectID is not a string') },
    { line: 7, why: expect.stringContaining('objectID is not a string') },
    { line: 8, why: 'its objectID is missing' },
    { line: 9, why: expect.stringContaining('longer than a batch') },
    { objectID: 'z' },
    { line: 11, why: 'not UTF-8' },
  ]);
});

test('a row of CSV that does not fit the header is a bad one', async () => {
  expect(recordsOf(await read('objectID,title\na,A\nb\nc,"C\nC"\nd,D,D\n', 'rows.csv'))).toEqual([
    { objectID: 'a', title: 'A' },
    { line: 3, why: expect.stringContaining('columns length is 2, got 1') },
    { objectID: 'c', title: 'C\nC' },
    { line: 6, why: expect.stringContaining('columns length is 2, got 3') },
  ]);
});

test.each(['\n', '\r\n', '\r'])(
  'rows of CSV end with any line break, also below a header that ends with %j',
  async (first) => {
    const rows = 'a\nb\r\n"c\r\nc"\r\n"d"\n\r\ne\rf';
    const records = recordsOf(await read(`objectID${first}${rows}`, 'mixed.csv'));
    expect(records).toEqual(['a', 'b', 'c\r\nc', 'd', 'e', 'f'].map((objectID) => ({ objectID })));
  },
);

test('an element of a JSON array that is no record is a bad one, and the next are read', async () => {
  const long = `{"objectID":"long","text":"${'x'.repeat(100_000)}"}`;
  const elements = [
    '{"objectID":"a","text":"[{\\"}]\\\\"}',
    '1',
    ' "[" ',
    '{"title":"x"}',
    '{"objectID":x}',
    '{"objectID":[}]',
    '}',
    '1 2',
    long,
    '{"objectID":"z"}',
  ];
  expect(recordsOf(await read(`\n[${elements.join(' ,\n')}]\n`, 'elements.json'))).toEqual([
    { objectID: 'a', text: '[{"}]\\' },
    { line: 2, why: 'not an object' },
    { line: 3, why: 'not an object' },
    { line: 4, why: 'its objectID is missing' },
    { line: 5, why: expect.stringContaining('not JSON') },
    { line: 6, why: expect.stringContaining('not JSON') },
    { line: 7, why: expect.stringContaining('not JSON') },
    { line: 8, why: expect.stringContaining('not JSON') },
    { line: 9, why: expect.stringContaining('longer than a batch') },
    { objectID: 'z' },
  ]);
  expect(recordsOf(await read(Buffer.from('[{"objectID":"\xff"}]', 'latin1'), 'latin.json'))).toEqual([
    { line: 1, why: 'not UTF-8' },
  ]);
});

test('an array is split alike wherever its chunks end', async () => {
  const elements = ['{"objectID":"ä\\"]","n":[1,{"b":"\\\\"}]}', '[[]]', 'null', '"a,b"', '{}'];
  const bytes = Buffer.from(`\uFEFF[${elements.join(',')}]`);
  for (let size = 1; size < bytes.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.subarray(n * size, (n + 1) * size),
    );
    const texts: string[] = [];
    for await (const items of readJsonArray(Readable.from(chunks), { maxBytes: MAX_BYTES, shown: 'chunks.json' }))
      for (const { content } of items)
        if (content.kind === 'text')
          texts.push(content.text.chunk.toString('utf8', content.text.start, content.text.end));
    expect(texts).toEqual(elements);
  }
});

test('brackets within brackets take no stack', async () => {
  const deep = `{"objectID":"a","deep":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`;
  const item: Item = {
    number: 1,
    content: { kind: 'text', text: { chunk: Buffer.from(deep), start: 0, end: deep.length } },
  };
  expect(checkRecord(item, 4_000_000)).toMatchObject({ ok: true, record: { objectID: 'a' } });
});

test.each([
  ['half.json', '[{"objectID":"a"},', 'not a JSON array: it ends before its ], after record 1'],
  ['string.json', '[{"objectID":"a"},{"objectID":"b},{', 'not a JSON array: it ends before its ], after record 1'],
  ['object.json', '{"objectID":"a"}', 'not a JSON array: it does not begin with [, after record 0'],
  ['lines.json', '{"objectID":"a"}\n{"objectID":"b"}', 'not a JSON array: it does not begin with ['],
  ['commas.json', '[{"objectID":"a"} {"objectID":"b"}]', 'expected a comma or ], after record 1'],
  ['comma-first.json', '[,{"objectID":"a"}]', 'expected a record or ], after record 0'],
  ['comma-last.json', '[{"objectID":"a"},]', 'expected a record, after record 1'],
  ['two.json', '[{"objectID":"a"}][]', 'something stands behind its end, after record 1'],
  ['empty.json', '', 'not a JSON array: it is empty'],
  ['none.csv', 'title\nA\n', 'line 1: the header names no objectID column'],
  ['twice.csv', 'objectID,a,a\nx,1,2\n', 'line 1: two columns are named a'],
  ['quote.csv', `objectID,title\na,"${'x'.repeat(100_000)}\n`, 'is a quote not closed?'],
  ['latin.csv', Buffer.from('objectID\n\xff\n', 'latin1'), 'not UTF-8'],
  ['half.ndjson.gz', gzipSync(ndjson).subarray(0, 5_000), 'not readable gzip'],
  ['junk.ndjson.gz', Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(50)]), 'not readable gzip'],
])('%s is refused: %#', async (name, text, why) => {
  await expect(read(text, name)).rejects.toMatchObject({
    type: 'RecordsInvalid',
    message: expect.stringContaining(why),
  });
});

test('an empty file has no items', async () => {
  expect(await read('', 'empty.ndjson')).toEqual([]);
  expect(await read('\n \n', 'blank.ndjson')).toEqual([]);
  expect(await read('[]', 'none.json')).toEqual([]);
  expect(await read('objectID,title\n', 'header.csv')).toEqual([]);
  expect(START).toEqual({ items: 0, lines: 0, offset: 0 });
});
