import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  proxyActivities,
  proxyLocalActivities,
  type LocalActivityInterfaceFor,
  workflowInfo,
  type LocalActivityOptions,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { WithEffect } from '../operations/index.ts';
import type { Inputs } from './interceptors.ts';
import { follows } from './steps/changes.ts';

type Repeatable = WithEffect<'read' | 'idempotent'>;
type Once = WithEffect<'once'> | 'mintKey' | 'moveIndex';

const SLOW = ['validateSource', 'validateSourceBeforeUpdate', 'triggerDockerSourceDiscover'] as const;
const SLOW_ONCE = ['push', 'pushTask'] as const;
const LOOPING = [
  'inspectTask',
  'findNewRuns',
  'digestEvents',
  'findResources',
  'findTwins',
  'listTaskIDs',
  'inspectTransformation',
  'trySamples',
  'planManifest',
  'inspectReplace',
  'countRecords',
  'awaitRecords',
  'copyIndexScopes',
  'deleteIndex',
  'awaitIndexTask',
  'awaitReplaceEnd',
] as const;

type Slow = (typeof SLOW)[number];
type SlowOnce = (typeof SLOW_ONCE)[number];
type Looping = (typeof LOOPING)[number];
/** What goes through the records of a file. */
type OnRecords = 'inspectRecords' | 'pushSlice' | 'keepFailedRecords';

/**
 * Who goes first where a worker has more to do than places for it, 1 before 5. What says nothing goes as its workflow does: in a
 * backfill's syncs at 4, else at 3. What people wait for must not stand behind ten thousand syncs.
 */
const ofRotation = { priorityKey: 1 };
const ofPeople = { priorityKey: 2 };

/** How fast a worker that died is noticed. */
const heartbeatTimeout = '15s';
/** 1 s, 2 s, 4 s … 1 min; what Algolia itself asks for (`Retry-After`) comes first. */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;
/** The API may take 25 s to answer and 5 s to connect. */
const startToCloseTimeout = '40s';
/** The five slow operations may take 180 s. */
const slowStartToCloseTimeout = '200s';
/** An outage longer than this ends the workflow rather than hanging it. */
const scheduleToCloseTimeout = '30m';

const fast = proxyActivities<Pick<Activities, Exclude<Repeatable, Slow> | 'setClientApiKey'>>({
  startToCloseTimeout,
  heartbeatTimeout,
  scheduleToCloseTimeout,
  retry,
});
const slow = proxyActivities<Pick<Activities, Slow>>({
  startToCloseTimeout: slowStartToCloseTimeout,
  heartbeatTimeout,
  scheduleToCloseTimeout,
  retry,
});
const looping = proxyActivities<Pick<Activities, Looping>>({
  startToCloseTimeout: '10m',
  heartbeatTimeout,
  scheduleToCloseTimeout,
  retry,
});
const waiting = proxyActivities<Pick<Activities, 'awaitRun'>>({
  startToCloseTimeout: '31m',
  heartbeatTimeout: '30s',
  scheduleToCloseTimeout: '2h',
  retry,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});
/** A slice of 15 minutes, what it waits for at its end, and the way to where it begins in a download. */
const pushing = proxyActivities<Pick<Activities, 'pushSlice' | 'chunkedPush'>>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '10s',
  scheduleToCloseTimeout: '4h',
  // Where it goes on is known, so a worker that died repeatedly is no reason to wait longer and longer.
  retry: { ...retry, maximumInterval: '10s' },
  // It answers with how far it came.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
const reading = proxyActivities<Pick<Activities, 'inspectRecords'>>({
  startToCloseTimeout: '4h',
  heartbeatTimeout,
  scheduleToCloseTimeout: '8h',
  // Half an hour of pauses, as for everything; but what is read at last may take its time.
  retry: { ...retry, maximumAttempts: 35 },
});
/** Until there is room on the disk. */
const keeping = proxyActivities<Pick<Activities, 'keepFailedRecords'>>({
  startToCloseTimeout: '4h',
  heartbeatTimeout,
  scheduleToCloseTimeout: '8h',
  retry,
});
const single = { maximumAttempts: 1 };
const onceFast = proxyActivities<Pick<Activities, Exclude<Once, SlowOnce>>>({
  startToCloseTimeout,
  heartbeatTimeout,
  scheduleToCloseTimeout,
  retry: single,
});
const onceSlow = proxyActivities<Pick<Activities, SlowOnce>>({
  startToCloseTimeout: slowStartToCloseTimeout,
  heartbeatTimeout,
  scheduleToCloseTimeout,
  retry: single,
});

/** What may be sent again and is, until it is answered: reads, writes that say the same twice, and pushes that know how far they came. */
export const repeatable = summarized<
  Pick<Activities, Repeatable | Looping | OnRecords | 'awaitRun' | 'chunkedPush' | 'setClientApiKey'>
>(fast, [
  [['awaitRun'], waiting],
  [['pushSlice', 'chunkedPush'], pushing],
  [['inspectRecords'], reading],
  [['keepFailedRecords'], keeping],
  [LOOPING, looping],
  [SLOW, slow],
]);

/** What is sent once. Wrap it in `attemptOnce`, which says what became of it. */
export const once = summarized<Pick<Activities, Once>>(onceFast, [[SLOW_ONCE, onceSlow]]);

/** What a rotation does with keys. Half done it would be worse than late, so it waits out an outage of a day. */
type OnKeys =
  | 'compareKeys'
  | 'probeKey'
  | 'turnKeyRing'
  | 'inspectKeyUse'
  | 'findMintedKey'
  | 'discardMintedKey'
  | 'listRunsGoingOn'
  | 'revokeKey';
const withKeys = proxyActivities<Pick<Activities, OnKeys>>({
  startToCloseTimeout: '2m',
  heartbeatTimeout,
  scheduleToCloseTimeout: '24h',
  retry: { ...retry, maximumInterval: '15s' },
  priority: ofRotation,
});
export const onKeys = summarized<Pick<Activities, OnKeys>>(withKeys);

/** A local activity costs no history to speak of, and keeps zod and the schemas out of the workflow bundle. */
const { checkInput: check } = uninterrupted<Pick<Activities, 'checkInput'>>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 5 },
});

/** Checks a workflow's input, which is one JSON object. What a run has handed on to this one besides is no input. */
export const checkInput = ((...input: Parameters<typeof check>) => {
  const { inputs = 1 } = globalThis as Inputs;
  const { workflowType, continuedFromExecutionRunId } = workflowInfo();
  if (inputs > 1 && continuedFromExecutionRunId === undefined && follows('one input'))
    throw ApplicationFailure.nonRetryable(
      `input: ${workflowType} takes one JSON object, and was given ${inputs}. Nothing was sent.`,
      'InvalidInput',
    );
  return check(...input);
}) as typeof check;

/** What a push that is to be interrupted has committed so far. */
export const { readPushCheckpoint } = uninterrupted<Pick<Activities, 'readPushCheckpoint'>>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 5 },
});

/** What a deployment of code asks of the worker. */
export const { readCode, compareCode } = uninterrupted<Pick<Activities, 'readCode' | 'compareCode'>>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 5 },
});

/** A backfill goes on without its file, but not without asking for it more than once. */
export const { keepVerdicts } = proxyActivities<Pick<Activities, 'keepVerdicts'>>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', maximumAttempts: 5 },
});

export const { timeWindow } = uninterrupted<Pick<Activities, 'timeWindow'>>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 5 },
});

/** What a watch looks at. It is there again in a quarter of an hour, so it doesn't wait out an outage but tells of it. */
type Watching = 'inspectConnectors' | 'inspectLeftovers' | 'inspectSchedules';
export const watching = proxyActivities<Pick<Activities, Watching>>({
  startToCloseTimeout: '8m',
  heartbeatTimeout,
  scheduleToCloseTimeout: '10m',
  retry: { ...retry, maximumAttempts: 4 },
});

/** The book of alerts is a workflow of its own; a tick that could not report to it has done nothing. */
export const { readAlerts, reportProblems } = proxyActivities<Pick<Activities, 'readAlerts' | 'reportProblems'>>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '5m',
  retry,
});

/** A notice that fails is kept, so there is no need to try for long. */
export const { notify: deliverNotice } = proxyActivities<Pick<Activities, 'notify'>>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '1s', maximumAttempts: 3 },
  priority: ofPeople,
});

export const { checkChannels } = uninterrupted<Pick<Activities, 'checkChannels'>>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 5 },
});

/** What an approval asks of the worker. They read, so they may take their time; history keeps their answers. */
export const { approvalPolicy, hashPlan, readRequester, readSender, matchToken } = uninterrupted<
  Pick<Activities, 'approvalPolicy' | 'hashPlan' | 'readRequester' | 'readSender' | 'matchToken'>
>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 20, maximumInterval: '30s' },
});

/** Tells people something. Not to be waited for: after about five minutes it gives up. */
export const { notify, deliverToken } = proxyActivities<Pick<Activities, 'notify' | 'deliverToken'>>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '2s', backoffCoefficient: 3, maximumAttempts: 6 },
  priority: ofPeople,
});

/**
 * Local activities that a cancellation waits for; they are short. The SDK (1.24) can't cancel one that ends in the same moment: the
 * workflow task fails, and so does each attempt at it in which that happens again, later and later.
 */
function uninterrupted<A extends object>(options: LocalActivityOptions): LocalActivityInterfaceFor<A> {
  const activities = proxyLocalActivities<Record<string, (...input: unknown[]) => Promise<unknown>>>(options);
  const call = (name: string, input: unknown[]): Promise<unknown> => {
    const around = CancellationScope.current();
    if (around.consideredCancelled) return around.cancelRequested;
    let answer: Promise<unknown> = Promise.resolve();
    // Not what the scope returns: that comes some turns later, in which others could go first.
    void CancellationScope.nonCancellable(async () => {
      answer = activities[name]?.(...input) ?? answer;
    });
    return answer.then((value) => {
      if (around.consideredCancelled) throw new CancelledFailure('cancelled');
      return value;
    });
  };
  return new Proxy({} as LocalActivityInterfaceFor<A>, {
    get:
      (_, name: string) =>
      (...input: unknown[]) =>
        call(name, input),
  });
}

type AnyActivity = { executeWithOptions(options: { summary: string }, args: unknown[]): Promise<unknown> };

/** The activities of all these proxies, each call with a summary that names what it is about: the Web UI's timeline shows it. */
function summarized<A extends object>(
  usual: object,
  others: readonly (readonly [readonly string[], object])[] = [],
): A {
  const proxyOf = new Map(others.flatMap(([names, proxy]) => names.map((name) => [name, proxy])));
  return new Proxy({} as A, {
    get: (_, name: string) => {
      const activity = ((proxyOf.get(name) ?? usual) as Record<string, AnyActivity>)[name];
      return (input?: unknown) =>
        activity?.executeWithOptions({ summary: summarize(input) }, input === undefined ? [] : [input]);
    },
  });
}

/** `sourceID=…`: the ids and names in an activity's input. */
function summarize(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  const { match } = input as { match?: object };
  return Object.entries({ ...input, ...match })
    .filter(([name, value]) => typeof value === 'string' && /ID$|^(name|indexName|path|type|kind)$/.test(name))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
    .slice(0, 200);
}
