import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cdkApp } from './cdk-app.ts';
import type { CdkApp, CdkAppOptions } from './cdk-app.ts';
import { keptCredentials } from './demo-credentials.ts';
import type { DemoClient } from './demo-credentials.ts';
import { demoCredentials, registerDemoPartners } from './demo-partners.ts';
import { createStages, emptyDeployment } from './deployment.ts';
import { functionLogs } from './function-logs.ts';
import { newAccessKey } from './iam/access-key.ts';
import type { AccessKey } from './iam/access-key.ts';
import { inspectorRuntime } from './lambda/inspector-runtime.ts';
import { workerRuntime } from './lambda/worker-runtime.ts';
import type { LocalStage } from './local-stage.ts';
import { closeServer, listenOnLoopback } from './loopback-server.ts';
import type { Progress } from './progress.ts';
import { silentProgress } from './progress.ts';
import { announceInstance } from './running.ts';
import { startServices } from './services.ts';
import type { Services } from './services.ts';
import { functionCodeOf } from './watch/function-code.ts';
import { watchProject } from './watch/watch.ts';

export interface LocalStagesOptions extends CdkAppOptions {
  /** Folder that keeps everything; without one nothing is kept. */
  readonly dataFolder?: string | undefined;
  /** Port of each stage by its name; a stage that is not named gets a free one. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly progress?: Progress;
  /** Takes what the functions print, line by line. */
  readonly echoLogs?: ((line: string) => void) | undefined;
  /** A cloud assembly that was synthesized before; without one the CDK app is run. */
  readonly assemblyFolder?: string;
  /** Whether changes of the project are followed. */
  readonly watch?: boolean;
  /** Port of the debugger of the functions; 0 is a free one. */
  readonly inspectPort?: number | undefined;
  /** Whether `WWW-Authenticate` of functions is renamed, as AWS may do. */
  readonly remapChallenges?: boolean;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface LocalStages {
  readonly dynamodbEndpoint: string;
  readonly secretsManagerEndpoint: string;
  readonly stages: readonly (LocalStage & { readonly clients: readonly DemoClient[] })[];
  /** Where a debugger attaches, if it may. */
  readonly inspectorUrl: string | undefined;
  close(): Promise<void>;
}

type OnClose = (closer: () => Promise<void> | void) => void;

/** Synthesizes the CDK app and creates on this machine what the templates of all stages say. */
export async function startLocalStages(options: LocalStagesOptions = {}): Promise<LocalStages> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    return { ...(await start(options, (closer) => closers.push(closer))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: LocalStagesOptions, onClose: OnClose): Promise<Omit<LocalStages, 'close'>> {
  const { dataFolder, progress = silentProgress(), inspectPort, signal } = options;
  const { remapChallenges = false, watch = false } = options;
  const app = cdkApp(options);
  const inData = (name: string) => (dataFolder === undefined ? undefined : join(dataFolder, name));
  const ports = new Map(Object.entries(options.ports ?? {}));
  await assertPortsAreFree([...ports.values(), inspectPort ?? 0]);

  const operator = newAccessKey();
  const isInspected = inspectPort !== undefined;
  const newDeployment = () => emptyDeployment({ operator, isInspected, progress });
  let deployment = newDeployment();
  const services = await startServices(
    {
      inData,
      progress,
      operator,
      // Not bound to a deployment: changes of the CDK app replace it.
      control: {
        secretOf: (accessKeyId) => deployment.accessControl.secretOf(accessKeyId),
        decide: (...request) => deployment.accessControl.decide(...request),
      },
      invoke: (...call) => deployment.functions.invoke(...call),
    },
    onClose,
  );
  if (dataFolder !== undefined) keepOutOfGit(dataFolder);
  const logs = functionLogs({ folder: inData('logs'), echo: options.echoLogs });
  onClose(() => logs.close());
  const temporary = mkdtempSync(join(tmpdir(), 'postern-'));
  onClose(() => rmSync(temporary, { recursive: true, force: true }));

  const ownAssembly = join(dataFolder ?? temporary, 'cdk.out');
  if (options.assemblyFolder === undefined) await synthesizeIfChanged(ownAssembly, app, progress);
  signal?.throwIfAborted();

  const inspector = isInspected ? await inspectorRuntime(inspectPort) : undefined;
  const runtime = inspector ?? workerRuntime();
  onClose(() => runtime.close());
  const code = functionCodeOf({ temporary, isInspected, isWatched: watch });
  onClose(() => code.close());

  const deploy = async (assemblyFolder: string) => {
    const follow = () => code.follow(assemblyFolder);
    await (isInspected ? progress.step('Bundle the functions for the debugger', follow) : follow());
    const stages = app.stagesIn(assemblyFolder);
    for (const { name, port } of stages) {
      if (port !== undefined && !ports.has(name)) ports.set(name, port);
    }
    const created = await createStages(deployment, {
      stages,
      assemblyFolder,
      services,
      runtime,
      progress,
      remapChallenges,
      portOf: (stageName) => ports.get(stageName) ?? 0,
      codeFolder: (assetFolder) => code.folderFor(assetFolder),
      log: (...line) => logs.write(...line),
    });
    for (const { name, port } of created) ports.set(name, port);
    return created;
  };
  onClose(() => deployment.close());
  const created = await deploy(options.assemblyFolder ?? ownAssembly);
  const stages = app.hasDemoPartners
    ? await withDemoPartners(created, services, inData('credentials.json'))
    : created.map((stage) => ({ ...stage, clients: [] }));
  signal?.throwIfAborted();
  onClose(announceStages(stages, services, operator));

  const replaceStages = async () => {
    const next = `${ownAssembly}.next`;
    await progress.step('The CDK app has changed: synthesize it again', () => app.synthesize(next));
    await deployment.close();
    deployment = newDeployment();
    rmSync(ownAssembly, { recursive: true, force: true });
    renameSync(next, ownAssembly);
    await deploy(ownAssembly);
    progress.line('  The stages were replaced; their data and their ports are the same');
  };
  const reloadFunctions = () => code.reload(deployment.functions.all());
  if (watch) onClose(watchProject({ reloadFunctions, replaceStages, progress }));

  return { ...endpointsOf(services), stages, inspectorUrl: inspector?.url };
}

/** Registers the demonstration partners of each stage, with the credentials that `file` has of an earlier start. */
async function withDemoPartners(
  stages: readonly LocalStage[],
  services: Services,
  file: string | undefined,
): Promise<LocalStages['stages']> {
  const stageNames = stages.map(({ name }) => name);
  const credentials = keptCredentials(file, (known) => demoCredentials(stageNames, known));
  return Promise.all(
    stages.map(async (stage) => {
      const clients = credentials[stage.name] ?? [];
      await registerDemoPartners(stage, services.clients, clients);
      return { ...stage, clients };
    }),
  );
}

const endpointsOf = ({ dynamodb, secretsManager }: Services) => ({
  dynamodbEndpoint: dynamodb.endpoint,
  secretsManagerEndpoint: secretsManager.endpoint,
});

/** Lets `npx postern --local` find the stages, until what it returns is called. */
function announceStages(stages: readonly LocalStage[], services: Services, operator: AccessKey): () => void {
  return announceInstance({
    pid: process.pid,
    startedAt: new Date().toISOString(),
    ...endpointsOf(services),
    operator,
    stages: Object.fromEntries(stages.map(({ name, url, port, outputs }) => [name, { url, port, outputs }])),
  });
}

async function synthesizeIfChanged(outdir: string, app: CdkApp, progress: Progress): Promise<void> {
  if (app.isSynthesized(outdir)) {
    progress.line('  The CDK app has not changed since it was synthesized');
  } else {
    await progress.step('Synthesize the CDK app', () => app.synthesize(outdir));
  }
}

/** What is kept contains secrets, and no CDK app knows of this folder. */
function keepOutOfGit(dataFolder: string): void {
  writeFileSync(join(dataFolder, '.gitignore'), '*\n');
}

/** Reports that a port is taken before anything is synthesized, not after. */
async function assertPortsAreFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const probe = createServer();
    await listenOnLoopback(probe, port);
    await closeServer(probe);
  }
}
