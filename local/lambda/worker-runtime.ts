import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { ExecutionEnvironment, FunctionRuntime } from './execution-environment.ts';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';
import { invocationOf, waitFor } from './invocation.ts';
import type { Waiting } from './invocation.ts';
import type { EnvironmentMessage, HandlerModule } from './messages.ts';
import { program } from './program.ts';

/** The time that Lambda gives to INIT. */
const initMilliseconds = 10_000;

/** Runs each execution environment in a worker thread; a function that loops for ever is ended all the same. */
export function workerRuntime(): FunctionRuntime {
  const url = new URL(`data:text/javascript;base64,${Buffer.from(program('worker.ts')).toString('base64')}`);
  return {
    maximumEnvironments: 4,
    start: (settings) => startWorker(url, settings),
    close: async () => {},
  };
}

async function startWorker(url: URL, settings: FunctionSettings): Promise<ExecutionEnvironment> {
  const { module, exportName, timeoutSeconds, log } = settings;
  const worker = new Worker(url, {
    env: { ...settings.environment },
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
    workerData: { module, exportName } satisfies HandlerModule,
    resourceLimits: { maxOldGenerationSizeMb: settings.memorySize },
  });
  let alive = true;
  let current: Waiting | undefined;

  function end(error: FunctionError): void {
    alive = false;
    current?.fail(error);
    current = undefined;
  }

  /** Waits for the next message; without one within the time, the environment is ended with `timedOut`. */
  async function next(milliseconds: number, timedOut: () => FunctionError): Promise<unknown> {
    const timeout = setTimeout(() => {
      end(timedOut());
      void worker.terminate();
    }, milliseconds);
    try {
      return await waitFor((waiting) => {
        current = waiting;
      });
    } finally {
      clearTimeout(timeout);
    }
  }

  worker.on('message', (message: EnvironmentMessage) => {
    const waited = current;
    current = undefined;
    if (message.kind === 'broken') {
      alive = false;
      void worker.terminate();
    }
    waited?.settle(message);
  });
  worker.on('error', (error) => end(new FunctionError(error.name, error.message)));
  worker.on('exit', () => end(new FunctionError('Runtime.ExitError', 'The function exited')));
  for (const stream of [worker.stdout, worker.stderr]) {
    createInterface({ input: stream }).on('line', log);
  }

  await next(
    initMilliseconds,
    () => new FunctionError('Sandbox.Timedout', 'its module did not load within 10 seconds'),
  );
  return {
    isAlive: () => alive,
    invoke(event) {
      const invocation = invocationOf(settings, event, Date.now() + timeoutSeconds * 1_000);
      const result = next(timeoutSeconds * 1_000, () => {
        const message = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
        const requestId = invocation.context.awsRequestId;
        log(JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', requestId, message }));
        return new FunctionError('Sandbox.Timedout', message);
      });
      worker.postMessage(invocation, []);
      return result;
    },
    close: async () => void (await worker.terminate()),
  };
}
