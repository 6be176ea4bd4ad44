import { parentPort, workerData } from 'node:worker_threads';
import type { EnvironmentMessage, HandlerModule, Invocation } from './messages.ts';
import { brokenModule, loadHandler, runHandler } from './run-handler.ts';

// The program of a worker thread, bundled and without tsx: all that a function can see of it is what Lambda's own
// runtime has as well.

const handlerModule: HandlerModule = workerData;
const report = (message: EnvironmentMessage) => parentPort?.postMessage(message, []);

// The deployed function has no source map; here a stack names the lines of `src/` and `lambda/`.
process.setSourceMapsEnabled(true);
try {
  const handler = await loadHandler(handlerModule);
  parentPort?.on('message', (invocation: Invocation) => {
    void runHandler(handler, invocation).then(report);
  });
  report({ kind: 'ready' });
} catch (error) {
  report(brokenModule(error));
}
