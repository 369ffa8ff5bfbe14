import { decodeText } from '../records/decode-text.ts';
import { openRecordFile } from '../records/record-file.ts';
import { RecordsError } from '../records/records-error.ts';
import { MAX_CODE_BYTES } from './inputs/deploy-transformation.ts';
import { toFailure } from './to-failure.ts';

/** The text of a small file below `RECORDS_DIR`. */
export function createReadCode(directory: string | undefined) {
  return async function readCode({ codeRef }: { codeRef: string }): Promise<string> {
    try {
      const file = await openRecordFile(codeRef, directory);
      try {
        let code = '';
        for await (const piece of decodeText(file.read(0), codeRef)) {
          code += piece;
          if (Buffer.byteLength(code) > MAX_CODE_BYTES)
            throw new RecordsError('RecordsInvalid', `${codeRef}: more than ${MAX_CODE_BYTES / 1_000} kB of code`);
        }
        if (code.trim() === '') throw new RecordsError('RecordsInvalid', `${codeRef}: there is no code in it`);
        return code;
      } finally {
        await file.close();
      }
    } catch (error) {
      throw toFailure(error);
    }
  };
}
