/** What an error says; what is thrown need not be one. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
