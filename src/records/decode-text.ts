import { RecordsError } from './records-error.ts';

/** Characters handed on at a time: an error in the text can be told to be about here. */
const PIECE_CHARACTERS = 16 * 1024;

/** The content as text, in small pieces; refuses what isn't UTF-8 rather than replacing it. */
export async function* decodeText(chunks: AsyncIterable<Buffer>, shown: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  const decode = (chunk?: Buffer) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (error) {
      throw new RecordsError('RecordsInvalid', `${shown}: not UTF-8 (after byte ${bytes})`, error);
    }
  };
  for await (const chunk of chunks) {
    const text = decode(chunk);
    bytes += chunk.length;
    for (let at = 0; at < text.length; at += PIECE_CHARACTERS) yield text.slice(at, at + PIECE_CHARACTERS);
  }
  yield decode();
}
