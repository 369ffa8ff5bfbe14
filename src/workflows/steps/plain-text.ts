/** What people wrote, for Markdown: as text on one line, so that it can't pass for a part of the page that an approver reads. */
export const plain = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|#~]/g, '\\$&')
    .slice(0, 500);
