import * as v from 'valibot';
import { dynamodbClient, secretsManagerClient } from '../local/clients.ts';
import { readRunningInstances } from '../local/running.ts';
import type { RunningInstance } from '../local/running.ts';
import { Refused } from './command.ts';
import { startCommandOf } from './known-stages.ts';
import { StageOutputs } from './stage.ts';
import type { StageLocation, StageSettings } from './stage.ts';

/** Finds a stage that runs on this machine. */
export function localStage(
  { name }: Pick<StageSettings, 'name'>,
  port: number | undefined,
  instances: readonly RunningInstance[] = readRunningInstances(),
): StageLocation {
  const instance = choose(instances, port);
  const stage = instance.stages[name];
  const outputs = v.safeParse(StageOutputs, stage?.outputs);
  if (!stage || !outputs.success) {
    throw new Refused(
      `The running local stages do not include ${name}: ${stagesAndPorts(instance)}. Start them again with: ${startCommandOf(name)}`,
    );
  }
  return {
    outputs: outputs.output,
    options: `--stage ${name} --local${port === undefined ? '' : ` --port ${port}`}`,
    url: async () => stage.url,
    dynamodb: dynamodbClient(instance.dynamodbEndpoint, instance.operator),
    secretsManager: secretsManagerClient(instance.secretsManagerEndpoint, instance.operator),
    hasJwtAuthorizer: async () => stage.outputs['JwtAuthorizer'] === 'true',
  };
}

function choose(instances: readonly RunningInstance[], port: number | undefined): RunningInstance {
  const [first, ...others] = instances;
  if (!first) throw new Refused(`No local stages are running. Start them with: ${startCommandOf()}`);
  const running = instances.map(stagesAndPorts).join('; ');
  if (port !== undefined) {
    const named = instances.find(({ stages }) => Object.values(stages).some((stage) => stage.port === port));
    if (!named) throw new Refused(`No local stage listens on port ${port}. Running: ${running}.`);
    return named;
  }
  if (others.length > 0) {
    throw new Refused(
      `Local stages are running more than once: choose them with --port. Running: ${running}.`,
    );
  }
  return first;
}

const stagesAndPorts = ({ stages }: RunningInstance) =>
  Object.entries(stages)
    .map(([name, { port }]) => `${name} on port ${port}`)
    .join(', ');
