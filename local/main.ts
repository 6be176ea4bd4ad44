import { UsageError } from '../cli/arguments/usage-error.ts';
import { causeOf, LocalFailure } from './failure.ts';
import { journey } from './journey.ts';
import type { LocalStages } from './local-stages.ts';
import { startLocalStages } from './local-stages.ts';
import type { Options } from './options.ts';
import { helpCommand, readOptions, usage } from './options.ts';
import { progressOn } from './progress.ts';
import type { Progress } from './progress.ts';
import { watched } from './watch/watch.ts';

// The SDK's warning that it will need a newer Node.js is for those who develop, not for those who try.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** `npm start`, and `npx postern start`. The result is the exit code, unless what was started goes on. */
export async function start(words: readonly string[]): Promise<0 | 2> {
  try {
    await run(words);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message} See: ${helpCommand}\n`);
    return 2;
  }
}

async function run(words: readonly string[]): Promise<void> {
  const options = readOptions(words);
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const fail = (error: unknown) => {
    process.stderr.write(`${failureMessageOf(error, options.verbose)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  const progress = progressOn(options.json ? process.stderr : process.stdout);
  const interruption = new AbortController();
  // A cloud assembly that was synthesized before: tests start many stages of one.
  const assemblyFolder = process.env['POSTERN_ASSEMBLY'];
  const starting = startLocalStages({
    ...(assemblyFolder !== undefined && { assemblyFolder }),
    dataFolder: options.dataFolder,
    stages: options.stages,
    firstPort: options.firstPort,
    ports: options.ports,
    issuers: options.issuers,
    watch: options.watch,
    remapChallenges: options.remapChallenges,
    inspectPort: options.inspectPort,
    progress,
    signal: interruption.signal,
    ...(options.verbose && { echoLogs: (line: string) => process.stderr.write(`${line}\n`) }),
  });
  const end = closeOnSignal(starting, interruption);
  if (['start', 'npx'].includes(process.env['npm_lifecycle_event'] ?? '')) endWithParent(end);
  try {
    announce(await starting, options, progress);
  } catch (error) {
    if (!interruption.signal.aborted) fail(error);
  }
}

function announce({ stages, inspectorUrl }: LocalStages, { json, watch }: Options, progress: Progress): void {
  if (json) {
    const described = stages.map(({ name, url, outputs, hasExampleApi, clients }) => [
      name,
      { url, issuer: outputs['Issuer'] ?? url, hasExampleApi, clients },
    ]);
    process.stdout.write(`${JSON.stringify({ stages: Object.fromEntries(described), inspectorUrl })}\n`);
    return;
  }
  for (const stage of stages) progress.line(['', ...journey(stage)].join('\n'));
  if (inspectorUrl !== undefined) progress.line(`\nA debugger may attach at ${inspectorUrl}`);
  if (watch) progress.line(`\nChanges of ${watched} are followed.`);
  const urls = stages.map(({ name, url, outputs: { Issuer = url } }) =>
    Issuer === url ? `${name} ${url}` : `${name} ${url} as ${Issuer}`,
  );
  progress.line(`\n${urls.join('   ')}   Ctrl-C ends them`);
}

/** The first signal ends everything in order, the second one at once. */
function closeOnSignal(starting: Promise<LocalStages>, interruption: AbortController): () => void {
  const end = async () => {
    try {
      await (await starting).close();
    } catch {
      // A start that was interrupted has closed what it had begun.
    }
    process.exit(0);
  };
  const onSignal = () => {
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
    void end();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return onSignal;
}

/** npm passes no signal on to what it runs: when it is ended, the stages must not stay behind on their ports. */
function endWithParent(end: () => void): void {
  const { ppid } = process;
  const watch = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(watch);
    end();
  }, 500);
  watch.unref();
}

function failureMessageOf(error: unknown, verbose: boolean): string {
  if (verbose && error instanceof Error) return error.stack ?? error.message;
  return error instanceof LocalFailure ? error.message : `Unexpected: ${causeOf(error)}`;
}
