import { randomUUID } from 'node:crypto';
import { ActivityExecutionAlreadyStartedError, type ActivityHandle } from '@temporalio/client';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { checkInput } from '../algolia/check-input.ts';
import { cliCommand } from '../config.ts';
import { callableNames, callables, type CallableName } from '../operations/client-side.ts';
import { operations, type OperationName } from '../operations/index.ts';
import { NOW_IN_HISTORY } from '../operations/operation.ts';
import { choose } from './choose.ts';
import { offer, offerJson } from './complete.ts';
import { durationOption } from './duration-option.ts';
import { addExamples } from './examples.ts';
import { CliError, EXIT } from './exit.ts';
import { JSON_HELP, readJsonArgument } from './json-argument.ts';
import { printJson, remark } from './output.ts';
import { assertPolled } from './pollers.ts';
import { withTemporal, type Session } from './temporal.ts';
import { watchedCall } from './watch-call.ts';

/** On top of what the API may take: to connect, and to get from the queue to the request. */
const START_TO_CLOSE_SLACK_MS = 20_000;
const DEFAULT_TIMEOUT_MS = 5 * 60_000;
const HEARTBEAT_TIMEOUT = '15s';

interface CallOptions {
  readonly timeout: number;
  readonly id?: string;
}

export function addCallCommand(program: Command): void {
  const command = program
    .command('call')
    .description(
      'Runs one operation as an activity on the running worker and prints Algolia\'s answer as JSON.\nThe argument is what the official JavaScript client\'s method takes; credentials are references: {"$secret": "env:SECRET_…"}.',
    )
    .addArgument(
      offer(new Argument('<operation>', 'such as listSources'), () =>
        callableNames.map((value) => ({ value, about: callables[value].summary })),
      ),
    )
    .addArgument(offer(new Argument('[json]', JSON_HELP), offerJson))
    .addOption(
      new Option('--timeout <duration>', 'give up after this long, retries included')
        .argParser(timeoutOption)
        .default(DEFAULT_TIMEOUT_MS, '5m'),
    )
    .option('--id <id>', 'a name for this call: it is executed once, and asked for again prints the same answer')
    .action(async (operation: string, json: string | undefined, options: CallOptions) => {
      const name = choose('operation', operation, [...callableNames], `${cliCommand()} operations`);
      const input = json === undefined ? undefined : await readJsonArgument(json);
      check(name, input);
      printJson(await withTemporal((session) => call(session, name, input, options)));
    });
  addExamples(command, [
    'algolia-ingestion call listSources',
    `algolia-ingestion call getTask '{"taskID": "6c02aeb1-775e-418e-870b-1faccd4b2c0f"}'`,
    'algolia-ingestion call createSource @source.json --id create-shop-source',
  ]);
}

/** None at all is no limit to Temporal. */
function timeoutOption(text: string): number {
  const ms = durationOption(text);
  if (ms >= 1) return ms;
  throw new InvalidArgumentError('Expected longer than nothing.');
}

/** Before it goes to Temporal, where a credential written in the clear would stay. */
function check(name: CallableName, input: unknown): void {
  try {
    checkInput(name, callables[name], input);
  } catch (error) {
    throw new CliError((error as Error).message.replaceAll(NOW_IN_HISTORY, ''), EXIT.usage, error);
  }
}

async function call(session: Session, name: CallableName, input: unknown, options: CallOptions): Promise<unknown> {
  await assertPolled(session);
  const timeoutMs = name in operations ? operations[name as OperationName].timeoutMs : options.timeout;
  const id = options.id ?? `cli-${name}-${randomUUID()}`;
  const { activity } = session.client;
  const handle = await activity
    .start(name, {
      id,
      taskQueue: session.config.taskQueue,
      args: input === undefined ? [] : [input],
      startToCloseTimeout: timeoutMs + START_TO_CLOSE_SLACK_MS,
      scheduleToCloseTimeout: options.timeout,
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
      idReusePolicy: 'REJECT_DUPLICATE',
    })
    .catch((error: unknown) => {
      if (error instanceof ActivityExecutionAlreadyStartedError) return earlier(session, id, name);
      throw error;
    });
  return await watchedCall(handle);
}

/** The call of this id that was made before, if it is of the same operation. */
async function earlier({ client }: Session, id: string, name: CallableName): Promise<ActivityHandle> {
  const handle = client.activity.getHandle(id);
  const { activityType } = await handle.describe();
  if (activityType !== name) throw new CliError(`The id ${id} is that of an earlier call of ${activityType}.`);
  remark(`${id} was called before; this is its answer.`);
  return handle;
}
