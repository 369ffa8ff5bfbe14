/** What an error says; what is thrown need not be one. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Why a file can't be read, for whoever has named it. */
export function whyUnreadable(error: unknown): string {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'it is no directory';
    case 'EACCES':
      return 'permission denied';
    default:
      return messageOf(error);
  }
}
