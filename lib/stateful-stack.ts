import { CfnOutput, RemovalPolicy, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { encryptionKeyOf } from './constructs/encryption-key.ts';
import type { ServerStorage } from './constructs/server-storage.ts';
import type { StageRecord } from './stages.ts';

interface StatefulStackProps {
  readonly record: StageRecord;
}

/** What must not be lost: tables and secrets. In production they are retained, protected and backed up. */
export class StatefulStack extends Stack implements ServerStorage {
  readonly clients: TableV2;
  readonly sessions: TableV2;
  readonly signingKeys: Secret;
  readonly hashKey: Secret;

  constructor(scope: Construct, id: string, { record }: StatefulStackProps) {
    super(scope, id, { terminationProtection: record.retain });
    const encryptionKey = encryptionKeyOf(this, 'EncryptionKey', record);
    // A creation that is rolled back removes the secrets, so that it leaves nothing. It cannot remove a table that is
    // protected from deletion: an empty table stays behind, under a generated name that does not hinder the next attempt.
    const ofTables = record.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const ofSecrets = record.retain ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;

    const table = (tableId: string) =>
      new TableV2(this, tableId, {
        partitionKey: { name: 'pk', type: AttributeType.STRING },
        billing: Billing.onDemand(),
        encryption: encryptionKey
          ? TableEncryptionV2.customerManagedKey(encryptionKey)
          : TableEncryptionV2.awsManagedKey(),
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        timeToLiveAttribute: 'expiresAt',
        deletionProtection: record.retain,
        removalPolicy: ofTables,
      });
    this.clients = table('Clients');
    this.sessions = table('Sessions');

    this.signingKeys = new Secret(this, 'SigningKeys', {
      description: `Postern ${record.name}: signing keys`,
      // The rotation that the deployment starts replaces it. This constant must never change: a deployment with
      // another value would overwrite the keys.
      secretStringValue: SecretValue.unsafePlainText('{}'),
      removalPolicy: ofSecrets,
      ...(encryptionKey && { encryptionKey }),
    });
    Validations.of(this.signingKeys).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason: 'Its rotation schedule is in the stateless stack, with the function that rotates it.',
    });

    this.hashKey = new Secret(this, 'HashKey', {
      description: `Postern ${record.name}: key for hashes of client secrets and tags of session tokens`,
      // It must never change, either: a deployment with other settings would generate another key.
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: ofSecrets,
      ...(encryptionKey && { encryptionKey }),
      replicaRegions: (record.hashKey?.replicaRegions ?? []).map((region) => ({ region })),
    });
    if (record.hashKey?.denyDeletion === true) this.hashKey.denyAccountRootDelete();
    Validations.of(this.hashKey).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        'Hashes of client secrets cannot be made again under another key: rotating it would lock out every client.',
    });

    new CfnOutput(this, 'ClientsTable', { value: this.clients.tableName });
    new CfnOutput(this, 'SessionsTable', { value: this.sessions.tableName });
    new CfnOutput(this, 'SigningKeysSecret', { value: this.signingKeys.secretArn });
    new CfnOutput(this, 'HashKeySecret', { value: this.hashKey.secretArn });
    // The command line refuses to register a client with a longer lifetime, which would not be granted.
    const { maximumAccessTokenLifetime, sessionLifetime } = record.tokens;
    new CfnOutput(this, 'MaximumAccessTokenLifetime', { value: String(maximumAccessTokenLifetime) });
    new CfnOutput(this, 'MaximumSessionLifetime', { value: String(sessionLifetime.maximum) });
    // The command line may be that of the package, which does not know the record.
    const { id: stageId, name, signingAlgorithm, dialect, authorizerCacheSeconds, clientAssertions } = record;
    const settings = {
      id: stageId,
      name,
      signingAlgorithm,
      dialect,
      authorizerCacheSeconds,
      clientAssertions,
    };
    new CfnOutput(this, 'StageSettings', { value: JSON.stringify(settings) });
  }
}
