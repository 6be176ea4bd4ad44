import { parentPort, workerData } from 'node:worker_threads';
import type { Invocation, WorkerMessage, WorkerSettings } from './messages.ts';

// This module runs by itself in a worker, transpiled and without tsx: it may import nothing of the project
// but types, and everything a function can see of it is what Lambda's own runtime has as well.

type Handler = (event: unknown, context: object) => unknown;

const settings: WorkerSettings = workerData;
const say = (message: WorkerMessage) => parentPort?.postMessage(message, []);

async function load(): Promise<Handler> {
  const module: Record<string, unknown> = await import(settings.module);
  const handler = module[settings.exportName];
  if (typeof handler !== 'function') throw new TypeError(`it exports no function ${settings.exportName}`);
  return (event, context) => Reflect.apply(handler, undefined, [event, context]);
}

async function invoke(handler: Handler, { event, context, deadline }: Invocation): Promise<void> {
  try {
    const result = await handler(JSON.parse(event), {
      ...context,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    });
    say({ kind: 'result', payload: JSON.stringify(result) });
  } catch (error) {
    const errorType = error instanceof Error ? error.name : typeof error;
    const errorMessage = error instanceof Error ? error.message : String(error);
    const stackTrace = error instanceof Error ? (error.stack ?? '').split('\n') : [];
    const message = { errorType, errorMessage, stackTrace };
    console.error(
      JSON.stringify({
        timestamp: new Date().toISOString(),
        level: 'ERROR',
        requestId: context.awsRequestId,
        message,
      }),
    );
    say({ kind: 'error', errorType, errorMessage });
  }
}

// The deployed function has no source map; here a stack names the lines of `src/` and `lambda/`.
process.setSourceMapsEnabled(true);
try {
  const handler = await load();
  parentPort?.on('message', (invocation: Invocation) => void invoke(handler, invocation));
  say({ kind: 'ready' });
} catch (error) {
  say({
    kind: 'broken',
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  });
}
