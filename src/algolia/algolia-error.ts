/**
 * What a caller would treat differently, and no more:
 * `Invalid` never goes better; `Auth` only with another key; `RateLimited` after a while; `Unavailable` may be sent again;
 * `Ambiguous` may have taken effect, so look before sending it again.
 */
export type AlgoliaErrorType =
  | 'AlgoliaInvalid'
  | 'AlgoliaAuth'
  | 'AlgoliaRateLimited'
  | 'AlgoliaUnavailable'
  | 'AlgoliaAmbiguous';

/** Safe to show and to keep: never a body, header, query or key. */
export interface AlgoliaErrorDetails {
  readonly operation: string;
  /** The HTTP status; absent when no answer came. */
  readonly status?: number;
  /** Algolia's own words. */
  readonly algoliaMessage?: string;
  /** Algolia's machine-readable reason, when it gives one. */
  readonly code?: string;
  readonly correlationID?: string;
  readonly requestMs?: number;
  /** How long to wait before the next attempt. */
  readonly retryAfterMs?: number;
}

/** The one error of the HTTP edge. */
export class AlgoliaError extends Error {
  override readonly name = 'AlgoliaError';
  readonly type: AlgoliaErrorType;
  readonly details: AlgoliaErrorDetails;

  constructor(type: AlgoliaErrorType, message: string, details: AlgoliaErrorDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.type = type;
    this.details = details;
  }
}
