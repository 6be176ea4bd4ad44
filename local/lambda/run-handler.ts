import type { EnvironmentMessage, HandlerModule, Invocation } from './messages.ts';

type Handler = (event: unknown, context: object) => unknown;

/** Loads a function, as Lambda's INIT phase does. */
export async function loadHandler({ module, exportName }: HandlerModule): Promise<Handler> {
  const loaded: Record<string, unknown> = await import(module);
  const handler = loaded[exportName];
  if (typeof handler !== 'function') throw new TypeError(`it exports no function ${exportName}`);
  return (event, context) => Reflect.apply(handler, undefined, [event, context]);
}

/** Processes one event. Never fails: what the handler throws is logged, and is a message too. */
export async function runHandler(
  handler: Handler,
  { event, context, deadline }: Invocation,
): Promise<EnvironmentMessage> {
  try {
    const result = await handler(JSON.parse(event), {
      ...context,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    });
    return { kind: 'result', payload: JSON.stringify(result) };
  } catch (error) {
    const errorType = error instanceof Error ? error.name : typeof error;
    const errorMessage = error instanceof Error ? error.message : String(error);
    const stackTrace = error instanceof Error ? (error.stack ?? '').split('\n') : [];
    const message = { errorType, errorMessage, stackTrace };
    const requestId = context.awsRequestId;
    console.error(
      JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', requestId, message }),
    );
    return { kind: 'error', errorType, errorMessage };
  }
}

/** The message of a module that cannot be loaded. */
export function brokenModule(error: unknown): EnvironmentMessage {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'broken', message };
}
