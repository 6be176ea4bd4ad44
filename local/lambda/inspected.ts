import { AsyncLocalStorage } from 'node:async_hooks';
import { open, url } from 'node:inspector';
import type { EnvironmentMessage, InspectedMessage, InspectedRequest } from './messages.ts';
import { brokenModule, loadHandler, runHandler } from './run-handler.ts';

// The program of the process that is debugged. It runs every function on its main thread, because that is the one
// that every debugger can pause. Each function has an environment of its own all the same.

interface Environment {
  readonly id: number;
  readonly variables: Record<string, string>;
  /** What was printed since the last end of a line. */
  printed: string;
}

const running = new AsyncLocalStorage<Environment>();
const handlers = new Map<number, { environment: Environment; handler: ReturnType<typeof loadHandler> }>();

const report = (message: InspectedMessage) => process.send?.(message);

const variables = () => running.getStore()?.variables ?? {};
process.env = new Proxy<Record<string, string>>(
  {},
  {
    get: (_, name) => Reflect.get(variables(), name),
    has: (_, name) => Reflect.has(variables(), name),
    set: (_, name, value) => Reflect.set(variables(), name, value),
    deleteProperty: (_, name) => Reflect.deleteProperty(variables(), name),
    ownKeys: () => Reflect.ownKeys(variables()),
    getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(variables(), name),
  },
);

for (const stream of [process.stdout, process.stderr]) {
  stream.write = (chunk: string | Uint8Array) => {
    const environment = running.getStore();
    if (!environment) return true;
    const lines = (environment.printed + Buffer.from(chunk).toString()).split('\n');
    environment.printed = lines.pop() ?? '';
    for (const line of lines) report({ kind: 'line', environmentId: environment.id, line });
    return true;
  };
}

process.setSourceMapsEnabled(true);
process.on('message', (request: InspectedRequest) => {
  void handle(request).then((message) =>
    report({ kind: 'function', environmentId: request.environmentId, message }),
  );
});
// When the stages end, however they do, nothing is left to debug.
process.on('disconnect', () => process.exit());

async function handle(request: InspectedRequest): Promise<EnvironmentMessage> {
  if (request.kind === 'load') {
    const environment = { id: request.environmentId, variables: { ...request.environment }, printed: '' };
    const handler = running.run(environment, () => loadHandler(request.handler));
    handlers.set(environment.id, { environment, handler });
    return handler.then(
      () => ({ kind: 'ready' }),
      (error: unknown) => brokenModule(error),
    );
  }
  const loaded = handlers.get(request.environmentId);
  if (!loaded) return brokenModule(new Error('it is not loaded'));
  const handler = await loaded.handler;
  return running.run(loaded.environment, () => runHandler(handler, request.invocation));
}

open(Number(process.argv.at(-1)), '127.0.0.1');
report({ kind: 'listening', url: url() });
