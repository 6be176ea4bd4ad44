import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import type { StageRecord } from '../lib/stages.ts';
import { Unavailable } from '../src/unavailable.ts';
import { Refused } from './command.ts';
import { StageOutputs } from './stage.ts';
import type { StageLocation } from './stage.ts';

/** The person at the keyboard should learn soon that a service does not respond. */
const patience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

/** Finds a deployed stage through the outputs of its stacks. */
export async function deployedStage(record: StageRecord): Promise<StageLocation> {
  const cloudformation = new CloudFormationClient(patience);
  const stack = `${record.id}-Stateful`;
  const described = await outputsOf(cloudformation, stack);
  if (!described) {
    throw new Refused(
      `There is no stack ${stack} in ${await cloudformation.config.region()}: ${record.name} is not deployed in this account and region. Deploy it with: npx cdk deploy '${record.id}/*'`,
    );
  }
  const outputs = v.safeParse(StageOutputs, described);
  if (!outputs.success) {
    throw new Refused(
      `The stack ${stack} lacks outputs that this version needs. Deploy it again with: npx cdk deploy '${record.id}/*'`,
    );
  }
  // Only hints need it, so an operator without permission to see that stack can do without it.
  const statelessOutputs = () => outputsOf(cloudformation, `${record.id}-Stateless`).catch(() => undefined);
  return {
    outputs: outputs.output,
    dynamodb: new DynamoDBClient(patience),
    secretsManager: new SecretsManagerClient(patience),
    options: `--stage ${record.name}`,
    url: async () => {
      const { Issuer, Url } = (await statelessOutputs()) ?? {};
      return Issuer ?? Url;
    },
    hasJwtAuthorizer: async () => (await statelessOutputs())?.['JwtAuthorizer'] === 'true',
  };
}

async function outputsOf(
  cloudformation: CloudFormationClient,
  StackName: string,
): Promise<Record<string, string> | undefined> {
  try {
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    // CloudFormation has no error of its own for a stack that does not exist.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      return undefined;
    }
    throw new Unavailable('CloudFormation', error);
  }
}
