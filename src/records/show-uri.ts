/** A URI as messages name it: without its query, which may hold a credential. */
export const showUri = (uri: string): string => uri.replace(/[?#].*$/, '');
