import type { FunctionSettings } from './function-settings.ts';

/** One execution environment of a function: it processes one event at a time. */
export interface ExecutionEnvironment {
  /** False once the function has exited, timed out or died. */
  isAlive(): boolean;
  invoke(event: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts execution environments, in one of the ways that there are to run a function's code. */
export interface FunctionRuntime {
  /** Environments that one function may have at a time. */
  readonly maximumEnvironments: number;
  /** Fails where the function's module cannot be loaded. */
  start(settings: FunctionSettings): Promise<ExecutionEnvironment>;
  close(): Promise<void>;
}
