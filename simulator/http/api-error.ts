/** What the API answers instead of a result. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Further members of the answer's body, beside `message`. */
  readonly more: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    more: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.more = more;
    this.headers = headers;
  }
}

export interface Reference {
  readonly id: string;
  readonly type: string;
  readonly name?: string | undefined;
}

export const badRequest = (message: string) => new ApiError(400, message);
export const notFound = (what: string, id: string) => new ApiError(404, `${what} ${id} not found`);

/** Nothing is deleted while something else needs it; `details` says what does. */
export function refuseInUse(what: string, users: readonly Reference[]): void {
  if (users.length === 0) return;
  throw new ApiError(400, `this ${what} is still in use and can't be deleted`, {
    error: { code: 'resource_in_use', details: users },
  });
}
