import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AlertReport, BookedReport, Undelivered } from '../activities/alert-book-reports.ts';
import type { Problem } from '../activities/problem.ts';
import { emptyPage, turnPage, type AlertBookState, type ChannelPage } from './steps/alert-book-state.ts';
import { deliverLetters } from './steps/alert-letters.ts';
import { findableBy } from './steps/search-attributes.ts';

/**
 * Knows what is wrong and who has been told. There is one for each application: every tick of `watchConnectors` reports to it,
 * scheduled or started by hand, and it tells each channel once of every change, and again as long as it lasts.
 * A notice that can't be delivered is kept until it can. It never ends, and continues as new long before its history gets long.
 */
export const report = defineUpdate<BookedReport, [AlertReport]>('report');
export const open = defineQuery<Record<string, readonly string[]>>('open');
export const alertBookStatus = defineQuery<AlertBookState>('status');

const ID_PREFIX = 'algolia-alerts/';
/** Each costs about five history events; the server suggests an end at 4,096. */
const MAX_REPORTS = 300;
const MAX_HISTORY_EVENTS = 2_000;
/** Before what could not be delivered is tried again: twice as long each time. */
const FIRST_PAUSE_MS = 10_000;
const MAX_PAUSE_MS = 5 * 60_000;
/** A channel that fails for less than this may only be restarting. */
const PATIENCE_MS = 10 * 60_000;

export async function alertBook(carriedOver?: AlertBookState): Promise<void> {
  const { workflowId } = workflowInfo();
  if (!workflowId.startsWith(ID_PREFIX)) {
    throw ApplicationFailure.nonRetryable(
      `the alert book of an application starts by itself, as workflow ${ID_PREFIX}<application id>: start watchConnectors instead`,
      'InvalidInput',
    );
  }
  const book = openBook(carriedOver ?? {});
  findableBy({ AlgoliaAppId: workflowId.slice(ID_PREFIX.length) });
  const isLong = () => {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return book.reports >= MAX_REPORTS || continueAsNewSuggested || historyLength >= MAX_HISTORY_EVENTS;
  };
  let pauseMs = FIRST_PAUSE_MS;
  while (!isLong()) {
    await condition(() => book.channelsToTell().length > 0 || isLong());
    await Promise.all(book.channelsToTell().map((channel) => book.deliver(channel)));
    if (book.channelsToTell().length === 0) pauseMs = FIRST_PAUSE_MS;
    else {
      await condition(isLong, pauseMs, { summary: 'before what could not be delivered is tried again' });
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof alertBook>(book.state());
}

function openBook(carriedOver: AlertBookState) {
  const pages = new Map<string, ChannelPage>(Object.entries(carriedOver));
  const pageOf = (channel: string) => pages.get(channel) ?? emptyPage;
  const turn = (channel: string, change: (page: ChannelPage) => ChannelPage) => {
    pages.set(channel, change(pageOf(channel)));
    setCurrentDetails(describe(state()));
  };
  const state = (): AlertBookState => Object.fromEntries(pages);
  const book = {
    reports: 0,
    state,
    channelsToTell: () => [...pages].filter(([, { letters }]) => letters.length > 0).map(([channel]) => channel),
    deliver: (channel: string) =>
      deliverLetters(
        channel,
        () => pageOf(channel),
        (change) => turn(channel, change),
      ),
  };
  setCurrentDetails(describe(state()));
  setHandler(alertBookStatus, state, { description: 'What is wrong and who has been told, by channel' });
  setHandler(
    open,
    () => Object.fromEntries([...pages].map(([channel, { alerts }]) => [channel, Object.keys(alerts)])),
    {
      description: 'The keys of what is wrong, by channel',
    },
  );
  setHandler(
    report,
    (found): BookedReport => {
      book.reports += 1;
      for (const channel of found.channels) turn(channel, (page) => turnPage(page, found, Date.now()));
      const about = found.channels.map((channel) => [channel, pageOf(channel)] as const);
      const problems = about.flatMap(([, { alerts }]) => Object.values(alerts));
      return {
        open: [...new Map(problems.map(({ key, kind, text, since }) => [key, { key, kind, text, since }])).values()],
        undelivered: about.flatMap(([channel, page]) => undeliveredOf(channel, page)),
      };
    },
    {
      validator: (found) => {
        if (!isReport(found))
          throw ApplicationFailure.nonRetryable('only watchConnectors reports here', 'InvalidInput');
      },
      description: 'Sent by watchConnectors: what it has found',
    },
  );
  return book;
}

/** Anybody may send an update, and a handler that stumbles would stop the book. */
function isReport(found: Partial<AlertReport> | null | undefined): boolean {
  const { channels, problems, fine, repeatEveryMs } = found ?? {};
  const areTexts = (list: unknown) => Array.isArray(list) && list.every((text) => typeof text === 'string');
  const isProblem = (problem: Partial<Problem> | null) => areTexts([problem?.key, problem?.kind, problem?.text]);
  const areProblems = Array.isArray(problems) && problems.every(isProblem);
  return areTexts(channels) && areProblems && areTexts(fine) && typeof repeatEveryMs === 'number';
}

function undeliveredOf(channel: string, { letters, failing }: ChannelPage): Undelivered[] {
  if (!failing || letters.length === 0 || Date.now() - Date.parse(failing.since) < PATIENCE_MS) return [];
  return [{ channel, notices: letters.length, ...failing }];
}

function describe(state: AlertBookState): string {
  const sections = Object.entries(state).map(([channel, { alerts, letters, failing }]) => {
    const rows = Object.values(alerts).map(({ kind, text, since }) => `| ${kind} | ${text} | ${since} |`);
    const notTold = failing
      ? [`**${letters.length} notices not delivered** since ${failing.since}: ${failing.why}`, '']
      : [];
    const table = rows.length > 0 ? ['| kind | | since |', '|---|---|---|', ...rows] : ['Nothing is wrong.'];
    return [`### Channel \`${channel}\``, '', ...notTold, ...table].join('\n');
  });
  return sections.join('\n\n') || 'Nothing has been reported yet.';
}
