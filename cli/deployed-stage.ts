import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateDescribeStacks,
} from '@aws-sdk/client-cloudformation';
import type { Output } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { Unavailable } from '../src/unavailable.ts';
import { Refused } from './command.ts';
import { StageOutputs } from './stage.ts';
import type { StageLocation, StageSettings } from './stage.ts';

/** The person at the keyboard should learn soon that a service does not respond. */
const patience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

type Outputs = Readonly<Record<string, string>>;

/** A stage whose stacks are named by the construct id of its record; without one they are found by their tags. */
type Named = Pick<StageSettings, 'name'> & Partial<Pick<StageSettings, 'id'>>;

/** Finds a deployed stage through the outputs of its stacks. */
export async function deployedStage({ id, name }: Named): Promise<StageLocation> {
  const cloudformation = new CloudFormationClient(patience);
  const stacks = id === undefined ? `with the tag ${stageTag}=${name}` : `${id}-Stateful`;
  const deploy = `Deploy it${id === undefined ? '' : ` with: npx cdk deploy '${id}/*'`}`;
  const described =
    id === undefined ? await taggedOutputs(cloudformation, name) : await outputsOf(cloudformation, stacks);
  if (!described) {
    throw new Refused(
      `There is no stack ${stacks} in ${await cloudformation.config.region()}: ${name} is not deployed in this account and region. ${deploy}`,
    );
  }
  const outputs = v.safeParse(StageOutputs, described);
  if (!outputs.success) {
    throw new Refused(
      `The stack ${stacks} lacks outputs that this version needs. ${deploy.replace('it', 'it again')}`,
    );
  }
  // Only hints need it, so an operator without permission to see that stack can do without it.
  const statelessOutputs = async () =>
    id === undefined ? described : outputsOf(cloudformation, `${id}-Stateless`).catch(() => undefined);
  return {
    outputs: outputs.output,
    dynamodb: new DynamoDBClient(patience),
    secretsManager: new SecretsManagerClient(patience),
    options: `--stage ${name}`,
    url: async () => {
      const { Issuer, Url } = (await statelessOutputs()) ?? {};
      return Issuer ?? Url;
    },
    hasJwtAuthorizer: async () => (await statelessOutputs())?.['JwtAuthorizer'] === 'true',
  };
}

/** `AuthStage` gives it to each of its stacks, and so does whoever puts the server into a stack of their own. */
const stageTag = 'postern:stage';

/** The outputs of all stacks that have the tag of the stage; undefined if there is none. */
async function taggedOutputs(client: CloudFormationClient, name: string): Promise<Outputs | undefined> {
  try {
    let found: Outputs | undefined;
    for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) {
      for (const { Tags = [], Outputs = [] } of Stacks) {
        if (!Tags.some(({ Key, Value }) => Key === stageTag && Value === name)) continue;
        found = { ...found, ...byKey(Outputs) };
      }
    }
    return found;
  } catch (error) {
    throw new Unavailable('CloudFormation', error);
  }
}

const byKey = (outputs: readonly Output[]): Outputs =>
  Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));

async function outputsOf(
  cloudformation: CloudFormationClient,
  StackName: string,
): Promise<Outputs | undefined> {
  try {
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
    return byKey(Stacks[0]?.Outputs ?? []);
  } catch (error) {
    // CloudFormation has no error of its own for a stack that does not exist.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      return undefined;
    }
    throw new Unavailable('CloudFormation', error);
  }
}
