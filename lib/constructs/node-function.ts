import { Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Environment } from '../../src/env.ts';
import type { StageRecord } from '../stages.ts';
import { bundleOf } from './bundles.ts';
import { StageLogGroup } from './stage-log-group.ts';

interface NodeFunctionProps {
  readonly record: StageRecord;
  /** Folder under `lambda/` with the function's `handler.ts`. */
  readonly folder: string;
  readonly description: string;
  readonly environment: Partial<Environment>;
  /** All permissions of the function, besides writing to its own log group. */
  readonly statements: readonly PolicyStatement[];
  readonly timeout?: Duration;
}

/** A Lambda function with its own bundle, role and log group. */
export class NodeFunction extends Function {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const { record, folder, description, environment, statements } = props;
    const logGroup = new StageLogGroup(scope, `${id}Logs`, record);
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Postern ${record.name}: ${description}`,
    });
    super(scope, id, {
      description,
      code: bundleOf(scope, folder),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: props.timeout ?? Duration.seconds(10),
      environment: { ...environment },
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    for (const statement of statements) role.addToPolicy(statement);
  }
}
