/**
 * What a caller would treat differently: `Refused` is not allowed to this worker; `Invalid` are no records, or not the ones
 * that were meant; `Unavailable` may go better another time.
 */
export type RecordsErrorType = 'RecordsRefused' | 'RecordsInvalid' | 'RecordsUnavailable';

/** The error of reading records. Its message names the place and says what to do. */
export class RecordsError extends Error {
  override readonly name = 'RecordsError';
  readonly type: RecordsErrorType;

  constructor(type: RecordsErrorType, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.type = type;
  }
}

/** A record is a bad one where none may be: the one error of these that tells where it is by itself. */
export class BadRecord extends RecordsError {
  readonly number: number;
  readonly why: string;

  constructor(shown: string, number: number, why: string) {
    super('RecordsInvalid', `${shown}: line ${number}: ${why}`);
    this.number = number;
    this.why = why;
  }
}
