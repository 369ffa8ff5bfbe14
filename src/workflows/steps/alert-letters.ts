import { log, workflowInfo } from '@temporalio/workflow';
import type { Notice } from '../../activities/notify.ts';
import { deliverNotice } from '../proxies.ts';
import { kindOf, type AlertNews, type ChannelPage, type Letter } from './alert-book-state.ts';
import { failureMessage } from './failure-type.ts';

const WORDS: Readonly<Record<AlertNews, string>> = {
  raised: 'Wrong',
  repeated: 'Still wrong',
  recovered: 'Fine again',
};
/** A person reads the first of them; a program finds all in the details. */
const MAX_LINES = 30;

/** Delivers a channel's letters, oldest first, until there are none or one can't be delivered. The page may change meanwhile. */
export async function deliverLetters(
  channel: string,
  page: () => ChannelPage,
  turn: (change: (page: ChannelPage) => ChannelPage) => void,
): Promise<void> {
  for (let letter = page().letters[0]; letter; letter = page().letters[0]) {
    const delivered = letter;
    try {
      await deliverNotice({ channel, notice: noticeOf(letter, channel, page().dropped) });
    } catch (error) {
      const why = failureMessage(error);
      log.warn('an alert could not be delivered; it is kept', { channel, why });
      turn((now) => ({ ...now, failing: { since: now.failing?.since ?? new Date().toISOString(), why } }));
      return;
    }
    turn(({ failing: _, ...now }) => ({
      ...now,
      letters: now.letters.filter((other) => other !== delivered),
      dropped: 0,
    }));
  }
}

function noticeOf(letter: Letter, channel: string, dropped: number): Notice {
  const { news, alerts, at } = letter;
  const { workflowId, runId } = workflowInfo();
  const [first] = alerts;
  const about = alerts.length === 1 && first ? first.text : `${alerts.length} problems`;
  const lines = alerts.slice(0, MAX_LINES).map(({ text, since }) => `${text} (since ${since})`);
  return {
    id: `${workflowId}/${channel}/${alerts.length === 1 ? first?.key : 'many'}/${first?.since}/${news}/${at}`,
    kind: kindOf(letter),
    title: `${WORDS[news]}: ${about}`,
    text: [
      ...lines,
      ...(alerts.length > MAX_LINES ? [`… and ${alerts.length - MAX_LINES} more`] : []),
      ...(dropped > 0 ? [`${dropped} earlier notices could not be delivered and were dropped.`] : []),
    ].join('\n'),
    at,
    workflowId,
    runId,
    details: { news, problems: alerts, ...(dropped > 0 ? { dropped } : {}) },
  };
}
