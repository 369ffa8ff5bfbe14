import { fc } from '../setup/fast-check.ts';
import { expect, test } from 'vitest';
import { batchRecords, firstPosition, type BatchOptions, type RecordBatch } from '../../src/records/batch-records.ts';
import { START, type Item, type Position } from '../../src/records/item.ts';
import { readNdjson } from '../../src/records/read-ndjson.ts';

const LIMITS = { maxRecords: 5, maxBytes: 200, onBadRecord: 'skip', shown: 'file:x' } as const;

/** The text in chunks of this size, as a file or a socket may hand it on. */
async function* chunksOf(text: string, size: number, from = 0): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = from; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function batchesOf(text: string, options: Partial<BatchOptions> = {}, chunkBytes = 64): Promise<RecordBatch[]> {
  const wanted: BatchOptions = { ranges: [], from: START, ...LIMITS, ...options };
  const start = firstPosition(wanted) as Position;
  const items: AsyncIterable<Item[]> = readNdjson(chunksOf(text, chunkBytes, start.offset), {
    from: start,
    maxBytes: wanted.maxBytes,
  });
  const batches: RecordBatch[] = [];
  for await (const batch of batchRecords(items, start, wanted)) batches.push(batch);
  return batches;
}

const lines = (count: number) =>
  Array.from({ length: count }, (_, n) => `{"objectID":"p${n}","text":"${'ü'.repeat(n % 40)}"}\n`).join('');

test('no batch has more records or bytes than it may, and none could have had one more', async () => {
  const batches = await batchesOf(lines(100));
  expect(batches.flatMap(({ objectIDs }) => objectIDs)).toEqual(Array.from({ length: 100 }, (_, n) => `p${n}`));
  for (const [place, { json, records }] of batches.entries()) {
    expect(records).toBeLessThanOrEqual(5);
    expect(json.length).toBeLessThanOrEqual(200);
    const next = batches[place + 1];
    if (!next || records === 5) continue;
    const [first] = JSON.parse(`[${next.json.toString()}]`) as [object];
    expect(json.length + 1 + Buffer.byteLength(JSON.stringify(first))).toBeGreaterThan(200);
  }
});

test('a batch is JSON as it stands in the file, in its order', async () => {
  const [batch] = await batchesOf('{"objectID":"a",  "n":1.0}\n{"objectID":"a"}\r\n{"n":[ ],"objectID":"b"}\n');
  expect(batch?.json.toString()).toBe('{"objectID":"a",  "n":1.0},{"objectID":"a"},{"n":[ ],"objectID":"b"}');
  expect(batch?.objectIDs).toEqual(['a', 'a', 'b']);
});

test('a record that fills a batch is one, and one byte more is a bad record', async () => {
  const record = (bytes: number) => `{"objectID":"a","t":"${'x'.repeat(bytes - 22 - 1)}"}`;
  expect(record(200)).toHaveLength(200);
  const [fits] = await batchesOf(`${record(200)}\n`);
  expect(fits?.json).toHaveLength(200);
  const [tooLarge] = await batchesOf(`${record(201)}\n`);
  expect(tooLarge).toMatchObject({ records: 0, bad: { count: 1, first: [{ number: 1 }] } });
});

test('the same batches come from wherever it begins, however the bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.record({ objectID: fc.string({ minLength: 1, maxLength: 30 }), text: fc.string({ maxLength: 60 }) }),
          fc.constantFrom('nonsense', '', '7', `{"objectID":"${'x'.repeat(300)}"}`),
        ),
        { maxLength: 40 },
      ),
      fc.integer({ min: 1, max: 300 }),
      fc.nat(),
      async (records, chunkBytes, place) => {
        const text = records.map((it) => `${typeof it === 'string' ? it : JSON.stringify(it)}\n`).join('');
        const all = await batchesOf(text, {}, 1_000_000);
        expect(await batchesOf(text, {}, chunkBytes)).toEqual(all);
        if (all.length === 0) return;
        const cut = place % all.length;
        const from = all[cut]?.range.from as Position;
        expect((await batchesOf(text, { from }, chunkBytes)).map((batch) => batch.objectIDs)).toEqual(
          all.slice(cut).map((batch) => batch.objectIDs),
        );
        // As after a crash: some of what was sent again, and then what is new.
        const ranges = all.slice(0, cut).filter((batch, at) => at % 2 === 0 && batch.records > 0);
        const again = await batchesOf(text, { ranges: ranges.map(({ range }) => range), from }, chunkBytes);
        expect(again.map((batch) => [batch.asked, batch.objectIDs])).toEqual([
          ...ranges.map((batch) => [true, batch.objectIDs]),
          ...all.slice(cut).map((batch) => [false, batch.objectIDs]),
        ]);
      },
    ),
    { numRuns: 100 },
  );
});

test('ranges alone are read, and no more of the file than that', async () => {
  const all = await batchesOf(lines(50));
  const ranges = [all[1], all[3]].map((batch) => (batch as RecordBatch).range);
  const wanted: BatchOptions = { ranges, ...LIMITS };
  const start = firstPosition(wanted) as Position;
  let chunks = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of chunksOf(lines(50), 100, start.offset)) {
      chunks += 1;
      yield chunk;
    }
  }
  const batches: RecordBatch[] = [];
  for await (const batch of batchRecords(readNdjson(counted(), { from: start, maxBytes: 200 }), start, wanted))
    batches.push(batch);
  expect(batches.map(({ objectIDs }) => objectIDs)).toEqual([all[1]?.objectIDs, all[3]?.objectIDs]);
  expect(chunks).toBeLessThan(15);
});

test('a bad record fails the reading where it may, naming the line', async () => {
  const text = `${lines(3)}oops\n`;
  await expect(batchesOf(text, { onBadRecord: 'fail' })).rejects.toMatchObject({
    type: 'RecordsInvalid',
    message: expect.stringMatching(/^file:x: line 4: not JSON/),
  });
});

test('of very many bad lines the first are told, and all are counted', async () => {
  const [only] = await batchesOf('oops\n'.repeat(100_000), {}, 65_536);
  expect(only?.bad.count).toBe(100_000);
  expect(only?.bad.first).toHaveLength(20);
});

test('a file that ended too early for what was read of it before was changed', async () => {
  const all = await batchesOf(lines(50));
  const ranges = [(all[3] as RecordBatch).range];
  await expect(batchesOf(lines(2), { ranges })).rejects.toMatchObject({ message: expect.stringContaining('changed') });
});
