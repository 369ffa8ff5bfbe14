const MINUTE_MS = 60_000;
/** A window opens and closes every day; a change of clocks moves that by an hour or two. */
const LOOK_AHEAD_MS = 50 * 60 * MINUTE_MS;

export interface TimeWindow {
  /** `22:00`, on the clocks of the time zone. */
  readonly from: string;
  readonly to: string;
  readonly timezone: string;
}

export interface WindowState {
  readonly open: boolean;
  /** ms since 1970: when that changes. */
  readonly changesAt: number;
}

/**
 * Whether a daily window is open at a time, and until when. An activity, since time zones are the worker's data and change.
 * Goes from minute to minute as a clock does, so that days of 23 and 25 hours need no thought.
 */
export async function timeWindow({ window, at }: { window: TimeWindow; at: number }): Promise<WindowState> {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: window.timezone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
  });
  const { from, to } = window;
  const isOpen = (ms: number) => {
    const now = clock.format(ms);
    return from < to ? now >= from && now < to : now >= from || now < to;
  };
  const open = isOpen(at);
  let changesAt = Math.floor(at / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  while (isOpen(changesAt) === open && changesAt < at + LOOK_AHEAD_MS) changesAt += MINUTE_MS;
  return { open, changesAt };
}
