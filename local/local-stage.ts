import type { HttpApi } from './api-gateway/http-api.ts';
import type { StageAssembly } from './cloud-assembly.ts';
import { LocalFailure } from './failure.ts';
import { notRun as nothingSkipped } from './resources/not-run.ts';
import { resourceCreator } from './resources/resource-types.ts';
import type { StageEnvironment } from './resources/stage-environment.ts';
import { createStack } from './template/create-stack.ts';
import type { Json } from './template/json.ts';
import type { ResourceRequest } from './template/resource.ts';

/** A stage that was created and serves. */
export interface LocalStage {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Outputs of its stacks by name, without the exports that CDK makes for references between stacks. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Whether the example API is behind the stage. */
  readonly hasExampleApi: boolean;
}

/** What a stage is created in, without what its own templates add. */
type Surroundings = Omit<StageEnvironment, 'apisNotRun' | 'managedPolicies' | 'notRun' | 'publicUrl'>;

/** Creates the stacks of a stage one after the other, as a deployment does, and names what was skipped. */
export async function createLocalStage(
  assembly: Pick<StageAssembly, 'stacks'>,
  surroundings: Surroundings,
): Promise<LocalStage> {
  const publicUrl = publicUrlOf(assembly);
  const notRun = nothingSkipped();
  const environment: StageEnvironment = {
    ...surroundings,
    ...(publicUrl !== undefined && { publicUrl }),
    apisNotRun: new Set(),
    managedPolicies: new Map(),
    notRun,
  };
  try {
    return await createStacks(assembly, environment);
  } finally {
    // After a failure too, of which it may be the cause.
    for (const line of notRun.lines(environment.stageName)) environment.progress.line(line);
  }
}

async function createStacks(
  assembly: Pick<StageAssembly, 'stacks'>,
  environment: StageEnvironment,
): Promise<LocalStage> {
  const { stageName, progress, functions, apis, notRun, accessControl } = environment;
  const createResource = resourceCreator(environment);
  const exports = new Map<string, Json>();
  const outputs: Record<string, string> = {};
  for (const stack of assembly.stacks) {
    const resources = Object.keys(stack.template.Resources).length;
    await progress.step(`${stageName}: ${stack.name}, ${resources} resources`, async (at) => {
      const create = (request: ResourceRequest) => {
        at(`${request.type} ${request.logicalId}`);
        return createResource(request);
      };
      const created = await createStack(stack, create, exports, (name) => notRun.output(name)).catch(
        async (error: unknown) => {
          // A function that cannot be loaded is the cause of whatever else fails because of it.
          await functions.started();
          throw error;
        },
      );
      await functions.started();
      Object.assign(outputs, created);
    });
  }
  accessControl.assertEnforceable();
  const api = onlyApi(apis, stageName);
  return {
    name: stageName,
    hasExampleApi: 'ExampleApiUrl' in outputs,
    url: api.endpoint,
    port: Number(new URL(api.endpoint).port),
    outputs: Object.fromEntries(
      Object.entries(outputs).filter(([name]) => !name.startsWith('ExportsOutput')),
    ),
  };
}

/** The issuer that the templates state, if it is not the URL of the API, which nobody knows before it exists. */
function publicUrlOf({ stacks }: Pick<StageAssembly, 'stacks'>): string | undefined {
  const issuers = stacks.map(({ template }) => template.Outputs['Issuer']?.Value);
  return issuers.find((issuer) => typeof issuer === 'string');
}

function onlyApi(apis: ReadonlyMap<string, HttpApi>, stageName: string): HttpApi {
  const [api] = apis.values();
  if (api) return api;
  throw new LocalFailure(`The stage ${stageName} has no HTTP API`);
}
