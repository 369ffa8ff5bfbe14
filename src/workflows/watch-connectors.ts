import { ApplicationFailure, defineQuery, isCancellation, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { BookedProblem, Undelivered } from '../activities/alert-book-reports.ts';
import type { Checked, WorkflowInput } from '../activities/check-input.ts';
import type { Look, Problem } from '../activities/problem.ts';
import { checkChannels, checkInput, readAlerts, reportProblems, watching } from './proxies.ts';
import { durationMs } from './steps/duration.ts';
import { failureMessage } from './steps/failure-type.ts';
import { findableBy } from './steps/search-attributes.ts';
import { askToReenable } from './steps/watch-reenable.ts';

/**
 * Looks once for everything that goes wrong without anybody noticing, and reports it to the application's `alertBook`, which
 * tells people once of each change. Made to be scheduled every 15 minutes for years: it keeps nothing to itself, so a tick that is
 * missed, doubled, started by hand or cut short neither loses an alert nor repeats one.
 */
export type WatchConnectorsInput = WorkflowInput<'watchConnectors'>;

export interface WatchConnectorsResult {
  readonly healthy: boolean;
  /** What is wrong now, since when. */
  readonly problems: readonly BookedProblem[];
  /** Connectors, schedules and resources that were looked at. */
  readonly checked: number;
  readonly unchecked: readonly string[];
  /** Approvals asked for, by workflow id. */
  readonly asked: readonly string[];
}

export const watchConnectorsStatus = defineQuery<Partial<WatchConnectorsResult>>('status');

type Input = Checked<'watchConnectors'>;

export async function watchConnectors(rawInput: WatchConnectorsInput): Promise<WatchConnectorsResult> {
  let status: Partial<WatchConnectorsResult> = {};
  setHandler(watchConnectorsStatus, () => status, { description: 'What has been found so far' });
  const input = await checkInput('watchConnectors', rawInput);
  findableBy({ AlgoliaAppId: input.applicationId });
  await checkChannels({ names: input.alert });

  const known = await readAlerts({ channels: input.alert });
  const looks = await lookAround(input, known);
  const { open, undelivered } = await reportProblems({
    channels: input.alert,
    repeatEveryMs: durationMs(input.repeatAlertEvery),
    problems: looks.flatMap(({ problems }) => problems),
    fine: looks.flatMap(({ fine }) => fine),
  });
  const asked = input.onDisabled === 'askApproval' ? await askToReenable(open, input) : [];
  const result: WatchConnectorsResult = {
    healthy: open.length === 0,
    problems: open,
    checked: looks.reduce((sum, { checked }) => sum + checked, 0),
    unchecked: looks.flatMap(({ unchecked = [] }) => unchecked),
    asked,
  };
  status = result;
  setCurrentDetails(describe(result, undelivered));
  findableBy({ Outcome: open.length === 0 ? 'healthy' : 'problems' });
  if (undelivered.length > 0) throw nobodyTold(undelivered, result);
  return result;
}

/** Each look for itself: one that fails is a problem of its own and keeps nothing from the others. */
async function lookAround(input: Input, known: readonly string[]): Promise<Look[]> {
  const { expect = [], taskFilter, maxAge } = input;
  const openOf = (...prefixes: string[]) => known.filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
  const now = Date.now();
  return Promise.all([
    look('connectors', known, () =>
      watching.inspectConnectors({
        expect: expect.map(({ taskID, maxAge: itsMaxAge }) => ({ taskID, maxAgeMs: durationMs(itsMaxAge) })),
        ...(taskFilter ? { taskFilter } : {}),
        ...(maxAge ? { maxAgeMs: durationMs(maxAge) } : {}),
        maxRunMs: durationMs(input.maxRunTime),
        now,
        open: openOf('task/'),
      }),
    ),
    look('leftovers', known, () =>
      watching.inspectLeftovers({
        leftoverAfterMs: durationMs(input.leftoverAfter),
        now,
        open: openOf('authentication/', 'index/', 'keyRing/'),
      }),
    ),
    look('schedules', known, () =>
      watching.inspectSchedules({ maxRunMs: durationMs(input.maxRunTime), now, open: openOf('schedule/') }),
    ),
  ]);
}

async function look(name: string, known: readonly string[], work: () => Promise<Look>): Promise<Look> {
  const key = `watch/${name}`;
  try {
    const found = await work();
    return known.includes(key) ? { ...found, fine: [...found.fine, key] } : found;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const problem: Problem = {
      key,
      kind: 'watch.failing',
      text: `${name} can't be watched: ${failureMessage(error)}`,
    };
    return { problems: [problem], fine: [], checked: 0, unchecked: [problem.text] };
  }
}

/** Green would say that all is well or told. The notices are not lost: the book goes on trying. */
function nobodyTold(undelivered: readonly Undelivered[], result: WatchConnectorsResult) {
  const channels = undelivered.map(
    ({ channel, notices, since, why }) => `${notices} to ${channel} since ${since} (${why})`,
  );
  return ApplicationFailure.create({
    type: 'NoticesUndelivered',
    nonRetryable: true,
    message: `nobody could be told: ${channels.join(', ')}`,
    details: [{ ...result, undelivered }],
  });
}

function describe({ problems, checked, unchecked, asked }: WatchConnectorsResult, undelivered: readonly Undelivered[]) {
  return [
    problems.length === 0
      ? `**Nothing is wrong** (${checked} looked at)`
      : `**${problems.length} wrong** (${checked} looked at)`,
    '',
    ...problems.map(({ kind, text, since }) => `- ${kind}: ${text} (since ${since})`),
    ...unchecked.map((what) => `- not looked at: ${what}`),
    ...asked.map((workflowId) => `- approval asked for: \`${workflowId}\``),
    ...undelivered.map(({ channel, notices, why }) => `- **not delivered**: ${notices} to \`${channel}\`: ${why}`),
  ].join('\n');
}
