import { jsonLog } from './log.ts';
import type { LineOutput, Log, LogFields } from './log.ts';
import { isLastLine, metricDirectives, metricValues, serviceName } from './metrics.ts';

/** The part of Lambda's context that is logged. */
interface InvocationContext {
  readonly awsRequestId: string;
}

interface FunctionLogOptions {
  /** Name of the stage. */
  readonly stage: string;
  readonly output?: LineOutput;
  /** Milliseconds of a clock that never goes back. */
  readonly stopwatch?: () => number;
}

type Handler<Event, Response> = (event: Event, context?: InvocationContext) => Promise<Response>;

interface FunctionLog {
  readonly log: Log;
  /**
   * The handler of the function, which lets every line of an event name its invocation.
   * @param completed the last line of an event whose handler has written none: each event has exactly one latency
   */
  readonly observe: <Event, Response>(
    handler: (event: Event) => Promise<Response>,
    completed?: (event: Event, response: Response) => LogFields,
  ) => Handler<Event, Response>;
}

/**
 * The log of a function, whose lines also have the metrics of `src/metrics.ts`, in the embedded metric format of
 * CloudWatch. What is logged before the first event is part of the cold start.
 */
export function functionLog({
  stage,
  output = process.stdout,
  stopwatch = () => performance.now(),
}: FunctionLogOptions): FunctionLog {
  const constant = {
    service: serviceName,
    stage,
    // Lambda sets it. Its value is a dimension, which must not be empty.
    function: process.env['AWS_LAMBDA_FUNCTION_NAME'] || 'unknown',
  };
  let isCold = true;
  // Lambda gives an execution environment one event at a time, so that no asynchronous context is needed.
  let current: { readonly startedAt: number; readonly requestId?: string; isOver: boolean } | undefined;

  // One object for a line, because spreading several into one costs more than the rest of the line.
  function addMembers(line: object, fields: LogFields, timestamp: number): void {
    const invocation = current && {
      elapsed: milliseconds(stopwatch() - current.startedAt),
      coldStart: isCold,
    };
    const values = metricValues(fields, invocation);
    const lambdaRequestId = current?.requestId;
    const traceId = currentTraceId();
    if (current && isLastLine(fields.event)) current.isOver = true;
    Object.assign(
      line,
      constant,
      // JSON leaves out members that are undefined.
      { cold_start: isCold, lambdaRequestId, traceId },
      values,
      { _aws: metricDirectives(values, timestamp) },
    );
  }

  const log = jsonLog(output, addMembers);
  return {
    log,
    observe: (handler, completed) => async (event, context) => {
      current = {
        startedAt: stopwatch(),
        ...(context && { requestId: context.awsRequestId }),
        isOver: false,
      };
      try {
        const response = await handler(event);
        if (completed && !current.isOver) log('INFO', completed(event, response));
        return response;
      } finally {
        current = undefined;
        isCold = false;
      }
    },
  };
}

const milliseconds = (duration: number) => Math.round(duration * 100) / 100;

/**
 * The id of the X-Ray trace, which Lambda changes for each event. Only the form that X-Ray gives it is logged, because
 * the header may come from a client.
 */
function currentTraceId(): string | undefined {
  const header = process.env['_X_AMZN_TRACE_ID'];
  return header === undefined ? undefined : /(?:^|;)Root=(1-[\da-f]{8}-[\da-f]{24})(?:;|$)/.exec(header)?.[1];
}
