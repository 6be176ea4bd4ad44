import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { LocalFailure } from '../failure.ts';
import type { ExecutionEnvironment, FunctionRuntime } from './execution-environment.ts';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';
import { invocationOf, waitFor } from './invocation.ts';
import type { Waiting } from './invocation.ts';
import type { InspectedMessage, InspectedRequest } from './messages.ts';
import { program } from './program.ts';

/** A function that waits at a breakpoint must not time out. */
const oneDay = 24 * 60 * 60 * 1_000;

interface Inspected {
  readonly child: ChildProcess;
  readonly url: string;
  readonly environments: Map<number, { readonly settings: FunctionSettings; readonly current: Waiting }>;
}

/**
 * Runs all functions in one process that a debugger attaches to, at `port` of loopback. A process that has died is
 * started again with the next environment.
 */
export async function inspectorRuntime(port: number): Promise<FunctionRuntime & { readonly url: string }> {
  const code = program('inspected.ts');
  const first = await startProcess(code, port);
  let process: Promise<Inspected> = Promise.resolve(first);
  let environmentIds = 0;

  const living = async () => {
    const { child } = await process;
    if (child.exitCode !== null || child.signalCode !== null) process = startProcess(code, port);
    return process;
  };

  return {
    url: first.url,
    // A second environment of a function would have the breakpoints twice.
    maximumEnvironments: 1,
    async start(settings) {
      environmentIds += 1;
      const environmentId = environmentIds;
      return startEnvironment(await living(), environmentId, settings);
    },
    async close() {
      const { child } = await process;
      child.kill();
    },
  };
}

async function startEnvironment(
  { child, environments }: Inspected,
  environmentId: number,
  settings: FunctionSettings,
): Promise<ExecutionEnvironment> {
  const next = (request: InspectedRequest) =>
    waitFor((current) => {
      environments.set(environmentId, { settings, current });
      child.send(request);
    });
  const { module, exportName, environment } = settings;
  // Two functions of one bundle are two modules: each remembers what is its own.
  const handler = { module: `${module}?${settings.functionName}`, exportName };
  await next({ kind: 'load', environmentId, handler, environment });
  return {
    isAlive: () => environments.has(environmentId),
    invoke(event) {
      if (!environments.has(environmentId))
        throw new FunctionError('Runtime.ExitError', 'The function exited');
      const invocation = invocationOf(settings, event, Date.now() + oneDay);
      return next({ kind: 'invoke', environmentId, invocation });
    },
    close: async () => void environments.delete(environmentId),
  };
}

async function startProcess(code: string, port: number): Promise<Inspected> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code, String(port)], {
    env: { TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const environments: Inspected['environments'] = new Map();
  child.on('exit', () => {
    for (const { current } of environments.values()) {
      current.fail(new FunctionError('Runtime.ExitError', 'The process of the functions exited'));
    }
    environments.clear();
  });
  const url = await new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(undefined));
    child.on('message', (message: InspectedMessage) => {
      if (message.kind === 'listening') {
        resolve(message.url);
        return;
      }
      const environment = environments.get(message.environmentId);
      if (message.kind === 'line') environment?.settings.log(message.line);
      else environment?.current.settle(message.message);
    });
  });
  if (url !== undefined) return { child, url, environments };
  child.kill();
  throw new LocalFailure(`The debugger cannot listen on port ${port}: choose another, as in --inspect=9230`);
}
