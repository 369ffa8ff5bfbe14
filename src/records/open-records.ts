import { messageOf } from '../message-of.ts';
import { openRecordFile } from './record-file.ts';
import { recordFormat, type RecordFormat } from './record-format.ts';
import { openRecordUrl } from './record-url.ts';
import { RecordsError } from './records-error.ts';

export interface RecordsReference {
  readonly uri: string;
  readonly sha256?: string | undefined;
  readonly format?: RecordFormat | undefined;
}

/** What of a worker's configuration says where records may come from. */
export interface RecordsAccess {
  readonly directory: string | undefined;
  readonly hosts: readonly string[];
  readonly userAgent: string;
}

export interface OpenRecords {
  readonly format: RecordFormat;
  /** Two readings are of the same records when it is the same. */
  readonly version: string;
  /** The bytes as they lie there, compressed or not. */
  readonly raw: AsyncIterable<Buffer>;
  /** Whether reading may begin anywhere, and not only at the beginning. */
  readonly seekable: boolean;
  /** Takes back a chunk of `raw` that nobody needs any more. */
  readonly recycle?: (chunk: Buffer) => void;
  readonly close: () => Promise<void>;
}

/** Opens what a reference names, if this worker may; throws `RecordsError` otherwise. `from` counts where it is seekable. */
export async function openRecords(
  reference: RecordsReference,
  access: RecordsAccess,
  { from = 0, signal }: { readonly from?: number; readonly signal?: AbortSignal } = {},
): Promise<OpenRecords> {
  const { uri } = reference;
  if (uri.startsWith('file:')) {
    const file = await openRecordFile(uri, access.directory);
    try {
      const format = reference.format ?? recordFormat(uri);
      const { version, recycle, close } = file;
      return { format, version, raw: file.read(from), seekable: true, recycle, close };
    } catch (error) {
      await file.close();
      throw error;
    }
  }
  const download = await openRecordUrl(uri, { ...access, signal });
  try {
    const format = reference.format ?? recordFormat(uri, download.contentType);
    return {
      format,
      version: download.version,
      raw: unavailableWhenBroken(download.body, uri),
      seekable: false,
      close: download.close,
    };
  } catch (error) {
    await download.close();
    throw error;
  }
}

/** A download that breaks off may go better the next time. */
async function* unavailableWhenBroken(body: AsyncIterable<Buffer>, uri: string): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    const { origin, pathname } = new URL(uri);
    throw new RecordsError(
      'RecordsUnavailable',
      `${origin}${pathname}: the download broke off: ${messageOf(error)}`,
      error,
    );
  }
}
