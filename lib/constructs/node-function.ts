import { Duration, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, CfnFunction, Function, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Environment } from '../../src/env.ts';
import type { StageRecord } from '../stages.ts';
import { bundleOf } from './bundles.ts';
import { encryptionKeyOf } from './encryption-key.ts';
import { StageLogGroup } from './stage-log-group.ts';
import type { LogSettings } from './stage-log-group.ts';

/** What all functions of a stage have in common. */
export type FunctionSettings = LogSettings &
  Pick<StageRecord, 'name' | 'memorySize' | 'tracing' | 'vpc' | 'reservedConcurrency'>;

export interface NodeFunctionProps {
  readonly settings: FunctionSettings;
  /** Folder under `lambda/` with the function's `handler.ts`. */
  readonly folder: string;
  readonly description: string;
  readonly environment: Partial<Environment>;
  /** All permissions of the function, besides what its logs, its network, its traces and the KMS key need. */
  readonly statements: readonly PolicyStatement[];
  readonly timeout?: Duration;
  /** @default that of `others` in the settings */
  readonly reservedConcurrentExecutions?: number | undefined;
}

/**
 * DynamoDB and Secrets Manager use a customer's key with the permissions of whoever reads or writes:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
 */
const keyActions = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** A Lambda function with its own bundle, role and log group. */
export class NodeFunction extends Function {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const { settings, folder, description, environment, statements } = props;
    const { name, memorySize = 512, tracing = false, vpc, reservedConcurrency } = settings;
    const logGroup = new StageLogGroup(scope, `${id}Logs`, settings);
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Postern ${name}: ${description}`,
    });
    const reserved = props.reservedConcurrentExecutions ?? reservedConcurrency?.others;
    super(scope, id, {
      description,
      code: bundleOf(scope, folder),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize,
      timeout: props.timeout ?? Duration.seconds(10),
      environment: { ...environment },
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      ...(tracing && { tracing: Tracing.ACTIVE }),
      ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    for (const statement of statements) role.addToPolicy(statement);
    encryptionKeyOf(this, 'EncryptionKey', settings)?.grant(role, ...keyActions);
    if (vpc) this.joinNetwork(role, vpc);
    if (vpc || tracing) {
      Validations.of(role).acknowledge({
        id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
        reason: 'Network interfaces do not exist before Lambda creates them, and traces have no resource.',
      });
    }
  }

  /** Without the construct of a VPC, which would look up its subnets. */
  private joinNetwork(
    role: Role,
    { subnetIds, securityGroupIds }: NonNullable<FunctionSettings['vpc']>,
  ): void {
    const resource = this.node.defaultChild;
    if (!(resource instanceof CfnFunction)) throw new Error(`${this.node.path} is not a function`);
    resource.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
    const network = new PolicyStatement({
      // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    });
    role.addToPolicy(network);
    // Lambda checks the permissions when the function is created.
    resource.node.addDependency(role);
  }
}
