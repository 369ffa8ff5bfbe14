import { msToNumber } from '@temporalio/common/lib/time.js';
import { z } from 'zod';
import { NOW_IN_HISTORY, secretReference } from '../../operations/operation.ts';
import { CACHE_MS } from '../../secrets/key-ring.ts';
import { approvalBy, duration, id, intent } from './vocabulary.ts';

/**
 * Twice what an activity may use a key for, and more: each, however long it waits, asks for the key before every request, and a
 * request, sent a second time with a fresh key, takes six and a half minutes at most.
 */
const LONGEST_USE_MS = 16 * 60_000;
const MIN_OVERLAP_MS = CACHE_MS + LONGEST_USE_MS;

/** How long things take if the input doesn't say. In an emergency the old key is worth less than the time. */
const USUALLY = { overlap: '24h', soak: '30m', drainTimeout: '2h' };
const IN_AN_EMERGENCY = { overlap: '1m', soak: '30s', drainTimeout: '5m' };

/** The admin key, where the input doesn't say. */
const ADMIN_SECRET = 'env:SECRET_ALGOLIA_ADMIN_KEY';

const reference = (example: string) =>
  z
    .string()
    .regex(/^(env:SECRET_\w+|file:.+)$/, {
      error: `expected a reference such as "${example}", never a key${NOW_IN_HISTORY}`,
      abort: true,
    })
    .pipe(secretReference);

/** Which key to rotate to, and how carefully. */
const rotation = {
  /** Where the new key is, or with `mint: "algolia"` where it is to be put. */
  toSecret: reference('file:algolia/v8'),
  /** `external`: somebody has put the new key there. `algolia`: it is created, with the rights of the current one. */
  mint: z.enum(['external', 'algolia']).default('external'),
  /** For how long both keys count, at least. */
  overlap: duration.optional(),
  /** How long the new key is watched before anything else happens. */
  soak: duration.optional(),
  /** What becomes of the old key. Default: deleted if `adminSecret` is given, else left. */
  revoke: z.enum(['delete', 'leave']).optional(),
  /** A task to sync with the new key, as a test. */
  canaryTaskID: id.optional(),
  approval: approvalBy.optional(),
  /** The old key has leaked: overlap, soak and drain may be short. */
  emergency: z.boolean().default(false),
  /** Where the admin key is: for `mint: "algolia"` and `revoke: "delete"`. */
  adminSecret: reference(ADMIN_SECRET).optional(),
  /** How long the runs that began before everybody had the new key may take to end. */
  drainTimeout: duration.optional(),
  ...intent,
};

export const rotateApiKeyInput = z
  .strictObject(rotation)
  .transform(({ adminSecret, ...value }) => {
    const revoke = value.revoke ?? (adminSecret === undefined ? 'leave' : 'delete');
    const needsAdmin = revoke === 'delete' || value.mint === 'algolia';
    return {
      ...(value.emergency ? IN_AN_EMERGENCY : USUALLY),
      ...withoutUndefined(value),
      revoke,
      ...(needsAdmin ? { adminSecret: adminSecret ?? ADMIN_SECRET } : {}),
    };
  })
  .check((ctx) => {
    const { overlap, mint, toSecret, emergency } = ctx.value;
    const complain = (field: string, message: string, input: unknown) =>
      ctx.issues.push({ code: 'custom', message, path: [field], input });
    if (!emergency && msToNumber(overlap as '1h') < MIN_OVERLAP_MS)
      complain(
        'overlap',
        `at least "${MIN_OVERLAP_MS / 1_000}s": a worker may use the old key for as long as it keeps it in memory (${CACHE_MS / 1_000} s) and then uses it (up to ${LONGEST_USE_MS / 60_000} min). Shorter only with "emergency": true`,
        overlap,
      );
    if (mint === 'algolia' && !toSecret.startsWith('file:'))
      complain('toSecret', 'a key that is to be created needs a file: reference to be put there', toSecret);
  });

const withoutUndefined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;

/** What is absent may be filled in; what is there isn't undefined. */
type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
