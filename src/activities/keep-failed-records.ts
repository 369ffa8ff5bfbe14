import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { batchRecords, firstPosition } from '../records/batch-records.ts';
import type { Item, Span } from '../records/item.ts';
import type { RecordsAccess } from '../records/open-records.ts';
import { attempt } from './attempt.ts';
import { makeRecordsFolder } from './make-records-folder.ts';
import type { BatchRange } from './push-checkpoint.ts';
import { nameOf, openSource, type RecordsSource } from './push-source.ts';

const DIRECTORY = 'failed';
const LINES = { open: '', separator: '\n', close: '\n' };
const LINE_BREAK = 0x0a;
const BLANK = 0x20;

export interface KeepFailedRecordsInput {
  readonly source: RecordsSource;
  readonly failed: readonly BatchRange[];
  readonly maxBytes: number;
}

/** Where they are, or why they are nowhere. */
export interface FailedRecords {
  readonly failedRef?: { readonly uri: string; readonly sha256: string };
  readonly notKept?: string;
}

/** Writes the records of failed batches to a file below `RECORDS_DIR`, in their order: the same file, however often it is written. */
export function createKeepFailedRecords(access: RecordsAccess) {
  return async function keepFailedRecords(input: KeepFailedRecordsInput): Promise<FailedRecords> {
    const { directory } = access;
    if (directory === undefined) return { notKept: 'the worker has no RECORDS_DIR to keep them in' };
    const { workflowExecution } = activityInfo();
    const { workflowId = '', runId = '' } = workflowExecution ?? {};
    const name = `${workflowId.replace(/[^\w-]+/g, '-').slice(0, 100)}-${runId}.ndjson`;
    return attempt(async () => {
      const folder = await makeRecordsFolder(directory, DIRECTORY);
      const sha256 = await write(join(folder, name), input, access);
      return { failedRef: { uri: `file:${DIRECTORY}/${name}`, sha256 } };
    });
  };
}

/** Beside its place, and then into it: nobody ever reads half of it. */
async function write(path: string, input: KeepFailedRecordsInput, access: RecordsAccess): Promise<string> {
  const unfinished = `${path}.${activityInfo().attempt}.unfinished`;
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const file = await open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  const hash = createHash('sha256');
  try {
    for await (const json of failedRecords(input, access)) {
      hash.update(json);
      // `write` may write a part of it and call that a success, when the disk is nearly full.
      await file.writeFile(json);
    }
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(unfinished, { force: true });
    throw error;
  }
  await file.close();
  await rename(unfinished, path);
  return hash.digest('hex');
}

/** A formatted array has line breaks within its records. In JSON they mean nothing, and blanks as little. */
async function* onOneLineEach(items: AsyncIterable<readonly Item[]>): AsyncGenerator<readonly Item[]> {
  for await (const some of items) {
    for (const { content } of some) if (content.kind === 'text') blankLineBreaks(content.text);
    yield some;
  }
}

function blankLineBreaks({ chunk, start, end }: Span): void {
  const text = chunk.subarray(start, end);
  for (let at = text.indexOf(LINE_BREAK); at >= 0; at = text.indexOf(LINE_BREAK, at + 1)) text[at] = BLANK;
}

/** Each batch as lines. */
async function* failedRecords(
  { source, failed, maxBytes }: KeepFailedRecordsInput,
  access: RecordsAccess,
): AsyncGenerator<Buffer> {
  const ranges = failed.toSorted((a, b) => a.from.items - b.from.items);
  const from = firstPosition({ ranges });
  if (!from) return;
  const opened = await openSource(source, access, { from, maxBytes, signal: cancellationSignal() });
  try {
    const batches = batchRecords(onOneLineEach(opened.items), from, {
      ranges,
      maxRecords: Infinity,
      maxBytes,
      onBadRecord: 'skip',
      shown: nameOf(source),
      frame: LINES,
    });
    for await (const { json } of batches) yield json;
  } finally {
    await opened.close();
  }
}
