import { workflowInfo, type Headers, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { typeOfError, typeOfFailure } from './failure-type.ts';
import { FORMER_FLAG, takeFormerTurns } from './former-turns.ts';
import { hasTraceContext, readTraceContext, traceLogAttributes, withTraceContext } from './trace-context.ts';
import { activeSpan, createSpans, runInSpan, type OpenSpan } from './workflow-spans.ts';

/**
 * Makes the spans of a workflow that Temporal's own interceptors would make, without OpenTelemetry. Nothing is awaited and
 * nothing drawn from the workflow's random numbers, so that a workflow runs with it exactly as without, and histories replay
 * either way. To be bundled as a module of interceptors.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const { begin, end } = createSpans();
  /** The run's own; what messages bring about without a trace of theirs is part of it. */
  let run: OpenSpan | undefined;
  const current = () => activeSpan() ?? run?.context;
  let isFormer = false;
  /** What was asked of the server, by how the answer is called. */
  const pending = new Map<string, OpenSpan>();

  /** Runs what came with the headers in the span. */
  function runIn<T>(span: OpenSpan, headers: Headers, fn: () => Promise<T>): Promise<T> {
    const running = () => runInSpan(span, fn);
    return isFormer ? takeFormerTurns(running, hasTraceContext(headers)) : running();
  }

  /** The promise is awaited by the SDK, also when it fails; here it is only looked at. */
  function handle<T>(span: OpenSpan, headers: Headers, handler: () => Promise<T>): Promise<T> {
    const handled = runIn(span, headers, handler);
    handled.then(
      () => end(span),
      (error: unknown) => end(span, typeOfError(error)),
    );
    return handled;
  }

  /** Its end is not seen by the promise, which would count as handled then, but by the answer. */
  function ask<Input extends { headers: Headers; seq: number }, T>(
    name: string,
    answer: string,
    input: Input,
    next: (input: Input) => Promise<T>,
  ): Promise<T> {
    const span = begin(name, current());
    pending.set(`${answer}:${input.seq}`, span);
    return pass(span, input, next);
  }

  function pass<Input extends { headers: Headers }, T>(
    { context }: OpenSpan,
    input: Input,
    next: (input: Input) => Promise<T>,
  ): Promise<T> {
    const passed = { ...input, headers: withTraceContext(input.headers, context) };
    return isFormer ? takeFormerTurns(async () => next(passed)) : next(passed);
  }

  function answered(answer: string, seq: number | null | undefined, errorType?: string): void {
    const key = `${answer}:${seq ?? 0}`;
    end(pending.get(key), errorType);
    pending.delete(key);
  }

  return {
    inbound: [
      {
        execute(input, next) {
          run = begin(`RunWorkflow:${workflowInfo().workflowType}`, readTraceContext(input.headers));
          return runIn(run, input.headers, () => next(input));
        },
        handleSignal(input, next) {
          const span = begin(`HandleSignal:${input.signalName}`, readTraceContext(input.headers) ?? current());
          return handle(span, input.headers, () => next(input));
        },
        handleUpdate(input, next) {
          const attributes = { temporalUpdateId: input.updateId };
          const span = begin(`HandleUpdate:${input.name}`, readTraceContext(input.headers) ?? current(), attributes);
          return handle(span, input.headers, () => next(input));
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => ask(`StartActivity:${input.activityType}`, 'activity', input, next),
        scheduleLocalActivity: (input, next) => ask(`StartActivity:${input.activityType}`, 'activity', input, next),
        startChildWorkflowExecution: (input, next) =>
          ask(`StartChildWorkflow:${input.workflowType}`, 'child', input, next),
        signalWorkflow: (input, next) => ask(`SignalWorkflow:${input.signalName}`, 'signal', input, next),
        continueAsNew(input, next) {
          const span = begin(`ContinueAsNew:${input.options.workflowType}`, current());
          end(span);
          return pass(span, input, next);
        },
        getLogAttributes(input, next) {
          const context = current();
          return next({ ...(context && traceLogAttributes(context)), ...input });
        },
      },
    ],
    internals: [
      {
        activate(input, next) {
          isFormer = input.activation.availableInternalFlags?.includes(FORMER_FLAG) ?? false;
          for (const job of input.activation.jobs ?? []) {
            const { resolveActivity: activity, resolveChildWorkflowExecutionStart: child } = job;
            const { resolveSignalExternalWorkflow: signal } = job;
            if (activity) {
              const { completed, failed, cancelled } = activity.result ?? {};
              const errorType = completed ? undefined : typeOfFailure(failed?.failure ?? cancelled?.failure);
              answered('activity', activity.seq, errorType);
            } else if (child) {
              const errorType = child.cancelled ? 'CancelledFailure' : 'WorkflowExecutionAlreadyStartedError';
              answered('child', child.seq, child.succeeded ? undefined : errorType);
            } else if (signal) {
              answered('signal', signal.seq, signal.failure ? typeOfFailure(signal.failure) : undefined);
            }
          }
          next(input);
        },
        concludeActivation(input, next) {
          for (const command of input.commands) {
            const { failWorkflowExecution: failed, cancelWorkflowExecution: cancelled } = command;
            if (failed) end(run, typeOfFailure(failed.failure));
            else if (cancelled) end(run, 'CancelledFailure');
            else if (command.completeWorkflowExecution || command.continueAsNewWorkflowExecution) end(run);
          }
          return next(input);
        },
      },
    ],
  };
};
