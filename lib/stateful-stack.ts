import { CfnOutput, RemovalPolicy, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { StageRecord } from './stages.ts';

interface StatefulStackProps {
  readonly record: StageRecord;
}

/** What must not be lost: tables and secrets. In production retained, protected from deletion, backed up. */
export class StatefulStack extends Stack {
  /** `client#<client id>`, `account#<mage_id>` and `key-set`. */
  readonly clients: TableV2;
  /** `session#<hash of token>`, gone at `expiresAt`. */
  readonly sessions: TableV2;
  /** The set {next, current, previous} of private keys, as JSON. Written by its rotation alone. */
  readonly signingKeys: Secret;
  /** The stage's own key for hashes of client secrets and tags of session tokens. Never rotated. */
  readonly hashKey: Secret;

  constructor(scope: Construct, id: string, { record }: StatefulStackProps) {
    super(scope, id, { terminationProtection: record.retain });
    const removalPolicy = record.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const table = (tableId: string) =>
      new TableV2(this, tableId, {
        partitionKey: { name: 'pk', type: AttributeType.STRING },
        billing: Billing.onDemand(),
        encryption: TableEncryptionV2.awsManagedKey(),
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        timeToLiveAttribute: 'expiresAt',
        deletionProtection: record.retain,
        removalPolicy,
      });
    this.clients = table('Clients');
    this.sessions = table('Sessions');

    this.signingKeys = new Secret(this, 'SigningKeys', {
      description: `Postern ${record.name}: signing keys, {next, current, previous}`,
      // The rotation that the deployment starts fills it. This must stay the constant that it is: a change
      // of it would overwrite the keys.
      secretStringValue: SecretValue.unsafePlainText('{}'),
      removalPolicy,
    });
    Validations.of(this.signingKeys).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason: 'Its rotation schedule is in the stateless stack, beside the function that rotates it.',
    });

    this.hashKey = new Secret(this, 'HashKey', {
      description: `Postern ${record.name}: key for hashes of client secrets and tags of session tokens`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    });
    Validations.of(this.hashKey).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        'Hashes of client secrets cannot be made again under another key: rotating it would lock out every client.',
    });

    new CfnOutput(this, 'ClientsTable', { value: this.clients.tableName });
    new CfnOutput(this, 'SessionsTable', { value: this.sessions.tableName });
    new CfnOutput(this, 'SigningKeysSecret', { value: this.signingKeys.secretArn });
    new CfnOutput(this, 'HashKeySecret', { value: this.hashKey.secretArn });
  }
}
