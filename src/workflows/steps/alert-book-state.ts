import type { AlertReport, BookedProblem } from '../../activities/alert-book-reports.ts';

/** A problem as one channel knows it. */
export interface Alert extends BookedProblem {
  /** ms on the book's clock, like all times here. */
  readonly seenAt: number;
  /** When a notice of it was last written. */
  readonly toldAt: number;
}

export type AlertNews = 'raised' | 'repeated' | 'recovered';

/** A notice that waits to be delivered. */
export interface Letter {
  readonly news: AlertNews;
  /** One problem, or more than people want to be told one by one. */
  readonly alerts: readonly BookedProblem[];
  readonly at: string;
}

export interface ChannelPage {
  readonly alerts: Readonly<Record<string, Alert>>;
  /** Oldest first. */
  readonly letters: readonly Letter[];
  /** Letters that were thrown away because nobody took any for too long. */
  readonly dropped: number;
  /** Absent: the last notice was delivered. */
  readonly failing?: { readonly since: string; readonly why: string };
}

/** By channel. */
export type AlertBookState = Readonly<Record<string, ChannelPage>>;

export const emptyPage: ChannelPage = { alerts: {}, letters: [], dropped: 0 };

/** More than this at a time go into one notice. */
const MAX_ONE_BY_ONE = 20;
/** The book hands itself on, and a megabyte is enough. */
const MAX_ALERTS = 600;
const MAX_LETTERS = 300;
/** A letter may be about hundreds. */
const MAX_ALERTS_IN_LETTERS = 1_500;
/** What no watch has looked at for so long is forgotten: its task is deleted, or nobody watches it any more. */
const FORGET_AFTER_MS = 7 * 24 * 3_600_000;

/** What a report changes of a channel's page: pure, so that it can be tested without a workflow. */
export function turnPage(page: ChannelPage, { problems, fine, repeatEveryMs }: AlertReport, now: number): ChannelPage {
  const at = new Date(now).toISOString();
  const alerts: Record<string, Alert> = { ...page.alerts };
  const news: Record<AlertNews, BookedProblem[]> = { raised: [], repeated: [], recovered: [] };
  const waiting = new Set(page.letters.flatMap((letter) => letter.alerts.map(({ key }) => key)));
  for (const problem of problems) {
    const known = alerts[problem.key];
    if (!known && Object.keys(alerts).length >= MAX_ALERTS) continue;
    const due = known !== undefined && now - known.toldAt >= repeatEveryMs && !waiting.has(problem.key);
    const alert = { ...problem, since: known?.since ?? at, seenAt: now, toldAt: known && !due ? known.toldAt : now };
    alerts[problem.key] = alert;
    if (!known) news.raised.push(booked(alert));
    else if (due) news.repeated.push(booked(alert));
  }
  for (const key of fine) {
    const known = alerts[key];
    if (known) news.recovered.push(booked(known));
    delete alerts[key];
  }
  for (const [key, { seenAt }] of Object.entries(alerts)) if (now - seenAt > FORGET_AFTER_MS) delete alerts[key];
  const written = (Object.entries(news) as [AlertNews, BookedProblem[]][]).flatMap(([what, about]) =>
    inLetters(what, about, at),
  );
  const letters = [...page.letters, ...written];
  const kept = newest(letters);
  return { ...page, alerts, letters: kept, dropped: page.dropped + letters.length - kept.length };
}

/** As many as there is room for. */
function newest(letters: readonly Letter[]): readonly Letter[] {
  let first = letters.length;
  for (let about = 0; first > 0 && letters.length - first < MAX_LETTERS; first -= 1) {
    about += letters[first - 1]?.alerts.length ?? 0;
    if (about > MAX_ALERTS_IN_LETTERS) break;
  }
  return letters.slice(first);
}

const booked = ({ key, kind, text, since }: BookedProblem): BookedProblem => ({ key, kind, text, since });

function inLetters(news: AlertNews, about: readonly BookedProblem[], at: string): Letter[] {
  if (about.length === 0) return [];
  return about.length > MAX_ONE_BY_ONE
    ? [{ news, alerts: about, at }]
    : about.map((alert) => ({ news, alerts: [alert], at }));
}

/** `connector.stale`, `connector.stale.recovered`, `watch.many`. */
export function kindOf({ news, alerts }: Letter): string {
  const [first, ...others] = alerts;
  const kind = others.length > 0 || !first ? 'watch.many' : first.kind;
  return news === 'raised' ? kind : `${kind}.${news}`;
}
