/** Longer than any run takes. */
const LONGEST_RUN_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * From when on to look for a run that may still be going on, or for the events of one whose creation is not known: ISO 8601. Without a
 * start date the API looks back seven days for runs, and three hours for events.
 */
export const startOfLongestRun = (now = Date.now()): string => new Date(now - LONGEST_RUN_MS).toISOString();
