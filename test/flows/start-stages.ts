import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { DemoClient } from '../../local/demo-credentials.ts';

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

const Stage = v.object({
  url: v.string(),
  issuer: v.string(),
  hasExampleApi: v.boolean(),
  clients: v.array(DemoClient),
});
/** The line that `npm start -- --json` prints when it is ready. */
export const Ready = v.object({
  stages: v.object({ sandbox: Stage, production: Stage, commercelayer: v.exactOptional(Stage) }),
});
export type Ready = v.InferOutput<typeof Ready>;

/** Starts the stages with `npm start`, in a process of its own. */
export async function startStages(...options: readonly string[]) {
  const defaults = [
    '--json',
    ...(options.length > 0 ? [] : ['--ephemeral']),
    ...['--production-port', '--sandbox-port'].flatMap((port) => (options.includes(port) ? [] : [port, '0'])),
  ];
  const child = spawn(process.execPath, ['bin/start.js', ...defaults, ...options], {
    cwd: projectFolder,
    env: { ...process.env, POSTERN_ASSEMBLY: process.env['POSTERN_TEST_ASSEMBLY'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const exited = once(child, 'exit');
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    exited.then(() => {
      throw new Error(`The local stages did not start:\n${errors}`);
    }),
  ]);
  return {
    ready: v.parse(Ready, JSON.parse(line)),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
