import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { DemoClient } from '../../local/demo-credentials.ts';

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

const Stage = v.object({ url: v.string(), issuer: v.string(), clients: v.array(DemoClient) });
/** The line that `npm start -- --json` prints when it is ready. */
const Ready = v.object({
  stages: v.object({ sandbox: Stage, production: Stage, commercelayer: v.exactOptional(Stage) }),
});
type Ready = v.InferOutput<typeof Ready>;

export type TestStage = ReturnType<typeof partnersOf>;

/** Starts both stages as a partner would meet them: `npm start`, in a process of its own. */
export async function startStages(...where: string[]) {
  const kept = where.length > 0 ? where : ['--ephemeral'];
  const ports = ['--sandbox-port', '--production-port'].filter((option) => !kept.includes(option));
  const options = ['--json', ...ports.flatMap((option) => [option, '0']), ...kept];
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/main.ts', ...options], {
    cwd: projectFolder,
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

/** The stages that the whole run shares, or some of this file's own. */
export async function localStages() {
  const shared = process.env['POSTERN_TEST_STAGES'];
  const started = shared === undefined ? await startStages() : undefined;
  if (started) after(() => started.stop());
  const { stages } = started?.ready ?? v.parse(Ready, JSON.parse(shared ?? ''));
  return { sandbox: partnersOf(stages.sandbox), production: partnersOf(stages.production) };
}

function partnersOf(stage: Ready['stages']['sandbox']) {
  const client = (is: (client: DemoClient) => boolean) => {
    const found = stage.clients.find(is);
    if (!found) throw new Error('A demonstration partner is missing');
    return { clientSecret: '', mageId: '', ...found };
  };
  return {
    ...stage,
    integration: client(({ kind, mageId }) => kind === 'integration' && mageId === undefined),
    sessionKey: client(({ mageId }) => mageId !== undefined),
    salesChannel: client(({ kind }) => kind === 'sales_channel'),
  };
}
