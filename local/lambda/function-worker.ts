import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';
import type { Invocation, WorkerMessage, WorkerSettings } from './messages.ts';

/** The time that Lambda gives to INIT. */
const initMilliseconds = 10_000;

let workerCode: URL | undefined;

/** Workers start without tsx, which costs each a tenth of a second and which no function has in AWS. */
function workerUrl(): URL {
  if (!workerCode) {
    const source = readFileSync(new URL('worker.ts', import.meta.url), 'utf8');
    const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'node20' });
    workerCode = new URL(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
  }
  return workerCode;
}

interface Waiting {
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

/** One execution environment of a function: it works on one event at a time. */
export class FunctionWorker {
  readonly #worker: Worker;
  readonly #settings: FunctionSettings;
  #waiting: Waiting | undefined;
  #alive = true;

  private constructor(worker: Worker, settings: FunctionSettings) {
    this.#worker = worker;
    this.#settings = settings;
    worker.on('message', (message: WorkerMessage) => this.#receive(message));
    worker.on('error', (error) => this.#end(new FunctionError(error.name, error.message)));
    worker.on('exit', () => this.#end(new FunctionError('Runtime.ExitError', 'The function exited')));
    for (const stream of [worker.stdout, worker.stderr]) {
      createInterface({ input: stream }).on('line', (line) => settings.log(line));
    }
  }

  /** Starts an environment; fails where the function's module cannot be loaded. */
  static async start(settings: FunctionSettings): Promise<FunctionWorker> {
    const worker = new Worker(workerUrl(), {
      env: { ...settings.environment },
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      workerData: { module: settings.module, exportName: settings.exportName } satisfies WorkerSettings,
      resourceLimits: { maxOldGenerationSizeMb: settings.memorySize },
    });
    const environment = new FunctionWorker(worker, settings);
    const timeout = setTimeout(() => {
      environment.#end(new FunctionError('Sandbox.Timedout', 'its module did not load within 10 seconds'));
      void environment.terminate();
    }, initMilliseconds);
    try {
      await environment.#wait();
    } finally {
      clearTimeout(timeout);
    }
    return environment;
  }

  get alive(): boolean {
    return this.#alive;
  }

  async invoke(event: unknown): Promise<unknown> {
    const { functionName, functionArn, logGroupName, memorySize, timeoutSeconds, log } = this.#settings;
    const awsRequestId = randomUUID();
    const invocation: Invocation = {
      event: JSON.stringify(event),
      context: {
        functionName,
        functionVersion: '$LATEST',
        invokedFunctionArn: functionArn,
        memoryLimitInMB: String(memorySize),
        awsRequestId,
        logGroupName,
        logStreamName: 'local',
      },
      deadline: Date.now() + timeoutSeconds * 1_000,
    };
    const timeout = setTimeout(() => {
      const message = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
      log(
        JSON.stringify({
          timestamp: new Date().toISOString(),
          level: 'ERROR',
          requestId: awsRequestId,
          message,
        }),
      );
      this.#end(new FunctionError('Sandbox.Timedout', message));
      void this.terminate();
    }, timeoutSeconds * 1_000);
    try {
      const result = this.#wait();
      this.#worker.postMessage(invocation, []);
      return await result;
    } finally {
      clearTimeout(timeout);
    }
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #wait(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #receive(message: WorkerMessage): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (message.kind === 'broken') {
      this.#alive = false;
      waiting?.reject(new FunctionError('Runtime.ImportModuleError', message.message));
      void this.terminate();
    } else if (message.kind === 'error') {
      waiting?.reject(new FunctionError(message.errorType, message.errorMessage));
    } else {
      waiting?.resolve(
        message.kind === 'result' && message.payload !== undefined ? JSON.parse(message.payload) : null,
      );
    }
  }

  #end(error: FunctionError): void {
    this.#alive = false;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
