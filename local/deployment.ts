import type { HttpApi } from './api-gateway/http-api.ts';
import type { RunningStage } from './cdk-app.ts';
import { readCloudAssembly } from './cloud-assembly.ts';
import type { StageAssembly } from './cloud-assembly.ts';
import { LocalFailure } from './failure.ts';
import { localAccessControl } from './iam/access-control.ts';
import type { AccessControl } from './iam/access-control.ts';
import type { AccessKey } from './iam/access-key.ts';
import type { FunctionRuntime } from './lambda/execution-environment.ts';
import { localFunctions } from './lambda/functions.ts';
import type { Functions } from './lambda/functions.ts';
import type { LocalStage } from './local-stage.ts';
import { createLocalStage } from './local-stage.ts';
import type { Progress } from './progress.ts';
import type { Services } from './services.ts';

/** What one cloud assembly makes of the stages; another one replaces it. */
export interface Deployment {
  readonly accessControl: AccessControl;
  readonly functions: Functions;
  /** By the name of their stage. */
  readonly apis: Map<string, Map<string, HttpApi>>;
  close(): Promise<void>;
}

interface DeploymentOptions {
  readonly operator: AccessKey;
  /** A debugger shows the code of every function from the beginning. */
  readonly isInspected: boolean;
  readonly progress: Progress;
}

export function emptyDeployment({ operator, isInspected, progress }: DeploymentOptions): Deployment {
  const functions = localFunctions({
    loadWhenNeeded: isInspected,
    onLoadFailure: (reason) => progress.line(reason),
  });
  const apis = new Map<string, Map<string, HttpApi>>();
  return {
    accessControl: localAccessControl(operator, (message) => progress.line(`refused: ${message}`)),
    functions,
    apis,
    async close() {
      const all = [...apis.values()].flatMap((ofStage) => [...ofStage.values()]);
      await Promise.all(all.map((api) => api.close()));
      await functions.close();
    },
  };
}

interface StagesOptions {
  readonly stages: readonly RunningStage[];
  readonly assemblyFolder: string;
  readonly services: Services;
  readonly runtime: FunctionRuntime;
  readonly progress: Progress;
  readonly remapChallenges: boolean;
  portOf(stageName: string): number;
  /** Folder of the code that runs for an asset. */
  codeFolder(assetFolder: string): string;
  log(stageName: string, functionName: string, line: string): void;
}

/** Creates the stages of a cloud assembly, all at once. */
export async function createStages(
  { accessControl, functions, apis }: Deployment,
  options: StagesOptions,
): Promise<LocalStage[]> {
  const { services, runtime, progress, remapChallenges } = options;
  const assemblies = new Map(readCloudAssembly(options.assemblyFolder).map((one) => [one.id, one]));
  const creations = options.stages.map(async ({ id, name }) => {
    const assembly = stageAssembly(assemblies, id);
    const ofStage = new Map<string, HttpApi>();
    apis.set(name, ofStage);
    return createLocalStage(assembly, {
      ...services,
      stageName: name,
      port: options.portOf(name),
      accessControl,
      functions,
      runtime,
      apis: ofStage,
      progress,
      remapChallenges,
      assetFolder: (objectKey) => options.codeFolder(assembly.assetFolder(objectKey)),
      log: (functionName, line) => options.log(name, functionName, line),
    });
  });
  // All of them, so that nothing is being created any more when one has failed and everything is closed.
  const settled = await Promise.allSettled(creations);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(creations);
}

function stageAssembly(assemblies: ReadonlyMap<string, StageAssembly>, id: string): StageAssembly {
  const assembly = assemblies.get(id);
  if (assembly) return assembly;
  throw new LocalFailure(`The CDK app has no stage ${id}`);
}
