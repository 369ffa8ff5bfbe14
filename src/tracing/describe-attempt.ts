import { trace } from '@opentelemetry/api';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Tells in an activity's span which attempt it is, and of which type its failure. */
export const describeAttempt: ActivityInterceptorsFactory = ({ info: { attempt, taskQueue } }) => ({
  inbound: {
    async execute(input, next) {
      const span = trace.getActiveSpan();
      span?.setAttributes({ temporalAttempt: attempt, temporalTaskQueue: taskQueue });
      try {
        return await next(input);
      } catch (error) {
        span?.setAttribute('error.type', typeOf(error));
        throw error;
      }
    },
  },
});

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'type' in error && typeof error.type === 'string' ? error.type : error.name;
}
