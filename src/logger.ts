import { SdkComponent } from '@temporalio/common';
import { DefaultLogger, type LogEntry, type Logger, type LogLevel } from '@temporalio/worker';
import { pino } from 'pino';

/** What would let a reader act on a worker's behalf, or is too long to read. */
const WITHHELD = new Set(['taskToken', 'sdkComponent']);

/** What the SDK says of each attempt of an activity; the activities say it themselves, with what they are about. */
const SAID_ALREADY = new Set([
  'Activity started',
  'Activity completed',
  'Activity completed as cancelled',
  'Activity failed',
]);

/** One JSON line per entry on standard error, through the scrubber as a last resort. */
export function createLogger(
  level: Lowercase<Exclude<LogLevel, 'TRACE'>> | 'trace',
  scrub: (text: string) => string,
): Logger {
  const lines = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => process.stderr.write(scrub(line)) },
  );
  return new DefaultLogger(
    level.toUpperCase() as LogLevel,
    ({ level: entryLevel, message, meta, timestampNanos: _ }: LogEntry) => {
      if (SAID_ALREADY.has(message) && meta?.sdkComponent === SdkComponent.worker) return;
      const fields = Object.fromEntries(Object.entries(meta ?? {}).filter(([name]) => !WITHHELD.has(name)));
      const error: unknown = fields.error;
      lines[entryLevel.toLowerCase() as 'info'](
        error instanceof Error ? { ...fields, error: describe(error) } : fields,
        message,
      );
    },
  );
}

/** An error's own words and those of its causes; what else hangs on it may be anything. */
function describe(error: Error): object {
  return {
    type: 'type' in error && typeof error.type === 'string' ? error.type : error.name,
    message: error.message,
    ...(error.cause instanceof Error ? { cause: describe(error.cause) } : {}),
  };
}
