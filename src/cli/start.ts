import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { Argument, type Command } from 'commander';
import { cliCommand } from '../config.ts';
import { checkWorkflowInput } from './check-workflow-input.ts';
import { choose } from './choose.ts';
import { offer, offerJson } from './complete.ts';
import { addExamples } from './examples.ts';
import { CliError } from './exit.ts';
import { exitCodeOf, failureOf } from './failure.ts';
import { followWorkflow } from './follow-workflow.ts';
import { JSON_HELP, readJsonArgument } from './json-argument.ts';
import { nameOption } from './name-option.ts';
import { print, printJson, remark } from './output.ts';
import { isPolled, noWorker } from './pollers.ts';
import { withTemporal, type Session } from './temporal.ts';
import { workflowTypes } from './workflow-types.ts';

export interface StartOptions {
  readonly id?: string | undefined;
  readonly as?: string | undefined;
  readonly wait?: true | undefined;
  readonly json?: true | undefined;
}

export function addStartCommand(program: Command): void {
  const command = program
    .command('start')
    .description(
      'Starts a workflow on the task queue of TASK_QUEUE. Its input is one JSON object, checked before anything is sent; credentials are references: {"$secret": "env:SECRET_…"}.',
    )
    .addArgument(
      offer(new Argument('<workflow>', workflowTypes.join(', ')), () => workflowTypes.map((value) => ({ value }))),
    )
    .addArgument(offer(new Argument('<json>', JSON_HELP), offerJson))
    .option('--id <id>', 'the workflow id: only one workflow of an id runs at a time')
    .option(
      '--as <name>',
      'who starts it, as Temporal records it and approvals know it (default: user@host)',
      nameOption,
    )
    .option('--wait', 'show what it is doing until it ends, and print its result as JSON')
    .option(
      '--json',
      'print {workflowId, runId, type}; with --wait, the result or the failure {type, message, details}',
    )
    .action(async (workflow: string, json: string, options: StartOptions) => {
      const type = choose('workflow', workflow, workflowTypes, `${cliCommand()} start --help`);
      const input = await readJsonArgument(json);
      checkWorkflowInput(type, input);
      const id = options.id ?? `${type}-${randomUUID()}`;
      await withTemporal((session) => startWorkflow(session, { type, input, id }, options), { identity: options.as });
    });
  addExamples(command, [
    `algolia-ingestion start syncTask '{"taskID": "6c02aeb1-775e-418e-870b-1faccd4b2c0f"}' --wait`,
    'algolia-ingestion start provisionConnector @connector.json --id shop-products',
  ]);
}

export interface WorkflowToStart {
  readonly type: string;
  readonly input: unknown;
  readonly id: string;
}

/** Returns the result, if that was waited for. */
export async function startWorkflow(
  session: Session,
  { type, input, id }: WorkflowToStart,
  { wait, json }: StartOptions,
): Promise<unknown> {
  const { client, config } = session;
  const polled = await isPolled(session, 'workflows');
  const handle = await client.workflow
    .start(type, { workflowId: id, taskQueue: config.taskQueue, args: [input] })
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new CliError(`A workflow with the id ${id} is running already: \`${cliCommand()} status ${id}\``);
    });
  if (!polled) remark(`${noWorker(config.taskQueue)} The workflow is kept and begins when one does.`);
  if (!wait) {
    const started = { workflowId: id, runId: handle.firstExecutionRunId, type };
    if (json) printJson(started);
    else print(`started ${type}: ${id}`);
    return undefined;
  }
  remark(`started ${type}: ${id}`);
  try {
    const result = await followWorkflow(session, handle);
    printJson(result);
    return result;
  } catch (error) {
    const failure = failureOf(error);
    if (!json || !failure) throw error;
    printJson(failure);
    process.exitCode = exitCodeOf(failure, 'workflow');
    return undefined;
  }
}
