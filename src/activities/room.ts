import { activityInfo } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';

/** The places for activities that this worker has. */
export interface Room {
  readonly slots: number;
  isFull(): boolean;
}

/** What can go on for long and has to make no room for others. */
export const endlessRoom: Room = { slots: Infinity, isFull: () => false };

/** Counts the activities that go on, as an interceptor of the worker that has this many places for them. */
export function createRoom(slots: number): Room & { readonly interceptor: ActivityInboundCallsInterceptor } {
  let taken = 0;
  return {
    slots,
    isFull: () => taken >= slots,
    interceptor: {
      async execute(input, next) {
        // They have places of their own.
        if (activityInfo().isLocal) return next(input);
        taken += 1;
        try {
          return await next(input);
        } finally {
          taken -= 1;
        }
      },
    },
  };
}
