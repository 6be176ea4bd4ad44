import { causeOf, LocalFailure } from '../failure.ts';
import type { ExecutionEnvironment, FunctionRuntime } from './execution-environment.ts';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';

/** A function as Lambda runs it: an event goes to an idle environment, or to a new one where all are busy. */
export interface LocalFunction {
  readonly settings: FunctionSettings;
  /**
   * Starts the first environment, which the first event would start otherwise. Throws a LocalFailure where the
   * function's code cannot be loaded.
   */
  start(): Promise<void>;
  /** Throws a LocalFailure where the function's code cannot be loaded, and what the function throws. */
  invoke(event: unknown): Promise<unknown>;
  /**
   * Replaces the code by that of another module. Events that are being processed finish with the old code. Throws a
   * LocalFailure where the new code cannot be loaded; the old code remains.
   */
  readonly replaceCode: (module: string) => Promise<void>;
  close(): Promise<void>;
}

interface Queued {
  readonly resolve: (environment: ExecutionEnvironment) => void;
  readonly reject: (error: unknown) => void;
}

export function localFunction(settings: FunctionSettings, runtime: FunctionRuntime): LocalFunction {
  const idle: ExecutionEnvironment[] = [];
  const queue: Queued[] = [];
  let current = settings;
  /** Those that run the current code. Environments of replaced code are in none of these, and end when released. */
  let environments = new Set<ExecutionEnvironment>();
  const replaced = new Set<ExecutionEnvironment>();
  /** The start of the first environment: events that arrive meanwhile wait for it. */
  let first: Promise<void> | undefined;
  let starting = 0;
  let closed = false;

  async function load(code: FunctionSettings): Promise<ExecutionEnvironment> {
    try {
      return await runtime.start(code);
    } catch (error) {
      throw new LocalFailure(`The bundle of ${code.functionName} cannot be loaded: ${causeOf(error)}`, {
        cause: error,
      });
    }
  }

  function startFirst(): Promise<void> {
    first = startEnvironment().then(release);
    first.catch(() => {
      // The next event tries again.
      first = undefined;
    });
    return first;
  }

  async function startEnvironment(): Promise<ExecutionEnvironment> {
    starting += 1;
    const code = current;
    try {
      const environment = await load(code);
      (code === current ? environments : replaced).add(environment);
      if (closed) await environment.close();
      return environment;
    } finally {
      starting -= 1;
    }
  }

  async function acquire(): Promise<ExecutionEnvironment> {
    await (first ?? startFirst());
    for (let candidate = idle.pop(); candidate; candidate = idle.pop()) {
      if (candidate.isAlive()) return candidate;
      environments.delete(candidate);
    }
    if (environments.size + starting < runtime.maximumEnvironments) return startEnvironment();
    return new Promise((resolve, reject) => queue.push({ resolve, reject }));
  }

  function release(environment: ExecutionEnvironment): void {
    if (environment.isAlive() && environments.has(environment)) {
      const next = queue.shift();
      if (next) next.resolve(environment);
      else idle.push(environment);
      return;
    }
    environments.delete(environment);
    if (replaced.delete(environment)) void environment.close();
    const next = queue.shift();
    if (next) startEnvironment().then(next.resolve, next.reject);
  }

  return {
    settings,
    start: startFirst,
    async invoke(event) {
      const environment = await acquire();
      try {
        return await environment.invoke(event);
      } finally {
        release(environment);
      }
    },
    async replaceCode(module) {
      const code = { ...settings, module };
      const environment = await load(code);
      if (closed) {
        await environment.close();
        return;
      }
      current = code;
      const unused = idle.splice(0);
      for (const old of environments) if (!unused.includes(old)) replaced.add(old);
      environments = new Set([environment]);
      first = Promise.resolve();
      release(environment);
      await Promise.all(unused.map((old) => old.close()));
    },
    async close() {
      closed = true;
      const closing = new FunctionError('ServiceException', 'The function is shut down');
      for (const { reject } of queue.splice(0)) reject(closing);
      await Promise.all([...environments, ...replaced].map((environment) => environment.close()));
    },
  };
}
