import type { ExecutionEnvironment, FunctionRuntime } from './execution-environment.ts';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';

/** A function as Lambda runs it: an event goes to an idle environment, or to a new one where all are busy. */
export interface LocalFunction {
  readonly settings: FunctionSettings;
  /** Starts the first environment; fails where the function's code cannot be loaded. */
  start(): Promise<void>;
  invoke(event: unknown): Promise<unknown>;
  /**
   * Replaces the code by that of another module. Events that are being processed finish with the old code; where the
   * new code cannot be loaded this fails, and the old code remains.
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
  let first: Promise<void> | undefined;
  let starting = 0;
  let closed = false;

  async function startEnvironment(): Promise<ExecutionEnvironment> {
    starting += 1;
    const code = current;
    try {
      const environment = await runtime.start(code);
      (code === current ? environments : replaced).add(environment);
      if (closed) await environment.close();
      return environment;
    } finally {
      starting -= 1;
    }
  }

  async function acquire(): Promise<ExecutionEnvironment> {
    await first;
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
    start() {
      first = startEnvironment().then(release);
      return first;
    },
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
      const environment = await runtime.start(code);
      if (closed) {
        await environment.close();
        return;
      }
      current = code;
      const unused = idle.splice(0);
      for (const old of environments) if (!unused.includes(old)) replaced.add(old);
      environments = new Set([environment]);
      first = undefined;
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
