import * as workflows from '../workflows/index.ts';

/** The workflows a worker offers, from their own table of contents. */
export const workflowTypes = Object.keys(workflows).toSorted();
