import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretVersions } from '../keys/rotation.ts';

/** The versions of a secret in Secrets Manager. */
export function secretVersions(client: SecretsManagerClient, SecretId: string): SecretVersions {
  const currentVersion = async () => {
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes('AWSCURRENT'));
  };

  return {
    currentVersion,

    async read(VersionStage, VersionId) {
      try {
        const version = { VersionStage, ...(VersionId !== undefined && { VersionId }) };
        const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId, ...version }));
        return SecretString;
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },

    async writePending(ClientRequestToken, SecretString) {
      await client.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken,
          SecretString,
          VersionStages: ['AWSPENDING'],
        }),
      );
    },

    async makeCurrent(MoveToVersionId) {
      const RemoveFromVersionId = await currentVersion();
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId,
          ...(RemoveFromVersionId !== undefined && { RemoveFromVersionId }),
        }),
      );
    },
  };
}
