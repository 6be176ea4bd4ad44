import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commercelayer, stages as deployedStages } from '../lib/stages.ts';
import type { StageRecord } from '../lib/stages.ts';
import type { HttpApi } from './api-gateway/http-api.ts';
import { bundleOfAsset } from './bundle-of-asset.ts';
import { dynamodbClient, secretsManagerClient } from './clients.ts';
import { readCloudAssembly } from './cloud-assembly.ts';
import { keptCredentials } from './demo-credentials.ts';
import type { DemoClient } from './demo-credentials.ts';
import { demoCredentials, registerDemoPartners } from './demo-partners.ts';
import { DynamoDB } from './dynamodb/dynamodb.ts';
import { LocalFailure } from './failure.ts';
import { FunctionLogs } from './function-logs.ts';
import { AccessControl } from './iam/access-control.ts';
import { Functions } from './lambda/functions.ts';
import type { LocalStage } from './local-stage.ts';
import { createLocalStage } from './local-stage.ts';
import { closeServer, listenOnLoopback } from './loopback-server.ts';
import type { Progress } from './progress.ts';
import { silentProgress } from './progress.ts';
import { announceInstance } from './running.ts';
import { SecretsManager } from './secrets-manager/secrets-manager.ts';
import { isSynthesized, synthesize } from './synthesize.ts';

export interface LocalStagesOptions {
  /** Folder that keeps everything; without one nothing is kept. */
  readonly dataFolder?: string | undefined;
  /** The stages that run: those that are deployed, where it is left out. */
  readonly stages?: readonly StageRecord[];
  /** Port of each stage by its name; a stage that is not named gets a free one. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly progress?: Progress;
  /** Takes what the functions print, line by line. */
  readonly echoLogs?: ((line: string) => void) | undefined;
  /** A cloud assembly that was synthesized before; without one the CDK app is run. */
  readonly assemblyFolder?: string;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface LocalStages {
  readonly dynamodbEndpoint: string;
  readonly secretsManagerEndpoint: string;
  readonly stages: readonly (LocalStage & { readonly clients: readonly DemoClient[] })[];
  close(): Promise<void>;
}

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

async function start(
  options: LocalStagesOptions,
  onClose: (closer: () => Promise<void> | void) => void,
): Promise<Omit<LocalStages, 'close'>> {
  const { dataFolder, progress = silentProgress(), stages: stageRecords = deployedStages } = options;
  const inData = (name: string) => (dataFolder === undefined ? undefined : join(dataFolder, name));
  const accessControl = new AccessControl((message) => progress.line(`refused: ${message}`));

  await assertPortsAreFree(Object.values(options.ports ?? {}));
  // First, because its lock keeps a second instance away from the data folder.
  const dynamodb = await progress.step('DynamoDB', () => DynamoDB.start(inData('dynamodb'), accessControl));
  onClose(() => dynamodb.close());
  const functions = new Functions();
  const secretsManager = await progress.step('Secrets Manager', () =>
    SecretsManager.start({
      file: inData('secrets.json'),
      accessControl,
      invokeRotation: (functionArn, event, sourceArn) =>
        functions.invoke(functionArn, event, { principal: 'secretsmanager.amazonaws.com', sourceArn }),
    }),
  );
  onClose(() => secretsManager.close());
  const logs = new FunctionLogs({ folder: inData('logs'), echo: options.echoLogs });
  onClose(() => logs.close());

  const temporary = dataFolder === undefined ? mkdtempSync(join(tmpdir(), 'postern-')) : undefined;
  if (temporary !== undefined) onClose(() => rmSync(temporary, { recursive: true, force: true }));
  const assemblyFolder = options.assemblyFolder ?? join(temporary ?? dataFolder ?? '', 'cdk.out');
  if (options.assemblyFolder === undefined) {
    await synthesizeWithProgress(assemblyFolder, stageRecords, options);
  }
  options.signal?.throwIfAborted();
  const assemblies = new Map(readCloudAssembly(assemblyFolder).map((assembly) => [assembly.id, assembly]));

  onClose(() => functions.close());
  const endpoints = { dynamodb: dynamodb.endpoint, secretsManager: secretsManager.endpoint };
  const clients = {
    dynamodb: dynamodbClient(endpoints.dynamodb),
    secretsManager: secretsManagerClient(endpoints.secretsManager),
  };
  onClose(() => {
    clients.dynamodb.destroy();
    clients.secretsManager.destroy();
  });
  const stageNames = stageRecords.map(({ name }) => name);
  const credentials = keptCredentials(inData('credentials.json'), (known) =>
    demoCredentials(stageNames, known),
  );
  const creations = stageRecords.map(async ({ id, name }) => {
    const assembly = assemblies.get(id);
    if (!assembly) throw new LocalFailure(`The CDK app has no stage ${id}`);
    const apis = new Map<string, HttpApi>();
    onClose(async () => void (await Promise.all([...apis.values()].map((api) => api.close()))));
    const stage = await createLocalStage(assembly, {
      stageName: name,
      port: options.ports?.[name] ?? 0,
      dynamodb,
      secretsManager,
      clients,
      accessControl,
      functions,
      apis,
      progress,
      assetFolder: (objectKey) => bundleOfAsset(assemblyFolder, assembly.assetFolder(objectKey)),
      log: (functionName, line) => logs.write(name, functionName, line),
    });
    const demoClients = credentials[name] ?? [];
    await registerDemoPartners(stage, clients, demoClients);
    return { ...stage, clients: demoClients };
  });
  // All of them, so that nothing is being created any more when one has failed and everything is closed.
  const settled = await Promise.allSettled(creations);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  const stages = await Promise.all(creations);
  options.signal?.throwIfAborted();

  onClose(
    announceInstance({
      pid: process.pid,
      startedAt: new Date().toISOString(),
      dynamodbEndpoint: endpoints.dynamodb,
      secretsManagerEndpoint: endpoints.secretsManager,
      stages: Object.fromEntries(
        stages.map(({ name, url, port, outputs }) => [name, { url, port, outputs }]),
      ),
    }),
  );
  return { dynamodbEndpoint: endpoints.dynamodb, secretsManagerEndpoint: endpoints.secretsManager, stages };
}

async function synthesizeWithProgress(
  outdir: string,
  records: readonly StageRecord[],
  { progress = silentProgress(), signal }: LocalStagesOptions,
): Promise<void> {
  const settings = { commercelayer: records.includes(commercelayer), signal };
  if (isSynthesized(outdir, settings)) {
    progress.line('  The CDK app has not changed since it was synthesized');
  } else {
    await progress.step('Synthesize the CDK app', () => synthesize(outdir, settings));
  }
}

/** Finds out that a port is taken before anything is synthesized, not after. */
async function assertPortsAreFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const probe = createServer();
    await listenOnLoopback(probe, port);
    await closeServer(probe);
  }
}
