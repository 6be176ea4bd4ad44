import { Duration } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRotationSchedule } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { IConstruct } from 'constructs';
import { itemKinds } from '../../src/storage/item-kinds.ts';
import type { StageRecord } from '../stages.ts';
import { NodeFunction } from './node-function.ts';
import type { FunctionSettings } from './node-function.ts';
import type { ServerStorage } from './server-storage.ts';
import { allowItems, allowSecret } from './statements.ts';

interface SigningKeyRotationProps {
  readonly settings: FunctionSettings & Pick<StageRecord, 'signingAlgorithm' | 'rotationDays' | 'tokens'>;
  readonly storage: ServerStorage;
}

/**
 * The function that rotates the signing keys, and its schedule. Secrets Manager starts the first rotation when the
 * schedule is created, so that a new stage has keys.
 */
export class SigningKeyRotation extends Construct {
  readonly rotationFunction: NodeFunction;
  private readonly schedule: CfnRotationSchedule;

  constructor(scope: Construct, id: string, { settings, storage }: SigningKeyRotationProps) {
    super(scope, id);
    const { signingKeys, clients } = storage;
    this.rotationFunction = new NodeFunction(this, 'Function', {
      settings,
      folder: 'rotate-signing-keys',
      description: 'Rotates the signing keys: the four steps of Secrets Manager',
      environment: {
        STAGE: settings.name,
        CLIENTS_TABLE: clients.tableName,
        SIGNING_ALGORITHM: settings.signingAlgorithm,
        TOKEN_POLICY: JSON.stringify(settings.tokens),
      },
      statements: [
        allowSecret(
          signingKeys,
          'DescribeSecret',
          'GetSecretValue',
          'PutSecretValue',
          'UpdateSecretVersionStage',
        ),
        allowItems(storage, ['PutItem'], itemKinds.keySet),
      ],
      timeout: Duration.seconds(30),
    });
    this.rotationFunction.addPermission('SecretsManager', {
      principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceArn: signingKeys.secretArn,
    });
    this.schedule = new CfnRotationSchedule(this, 'Schedule', {
      secretId: signingKeys.secretArn,
      rotationLambdaArn: this.rotationFunction.functionArn,
      rotationRules: { automaticallyAfterDays: settings.rotationDays },
      rotateImmediatelyOnUpdate: true,
    });
    // The first rotation starts with the schedule, so the function and its permissions must exist before that.
    this.schedule.node.addDependency(this.rotationFunction);
  }

  /**
   * Starts the first rotation after everything else has been created: if the creation of the stack failed while the
   * rotation ran, a version of the secret would stay behind that hinders every later rotation.
   */
  startAfter(...constructs: readonly IConstruct[]): void {
    this.schedule.node.addDependency(...constructs);
  }
}
