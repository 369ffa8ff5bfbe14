import { z } from 'zod';

/** How many times something is to happen; -1 is for ever. */
export const times = (usual: number) =>
  z
    .int()
    .min(-1)
    .default(usual)
    .transform((count) => (count === -1 ? Infinity : count));
