import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceNotFoundException,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SigningKeyStateStore } from '../keys/key-revocation.ts';
import type { RotationVersions } from '../keys/rotation.ts';
import { parseSigningKeySet } from '../keys/signing-key-set.ts';
import type { SigningKeySet } from '../keys/signing-key-set.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { readSecret, secretsManagerCall } from './secrets.ts';
import { UnreadableKeySet } from './unreadable-key-set.ts';

function parseOrThrow(secret: string): SigningKeySet | undefined {
  const parsed = parseSigningKeySet(secret);
  if (!parsed.ok) throw new UnreadableKeySet('The signing key secret is not a key set of this version');
  return parsed.value;
}

/** Reads the current key set, for functions that sign; undefined before the first rotation. */
export const readSigningKeySet =
  (client: SecretsManagerClient, secretId: string) => async (): Promise<SigningKeySet | undefined> =>
    parseOrThrow(await readSecret(client, secretId));

/** `resumed` if an earlier rotation was incomplete: Secrets Manager attempts it again and starts no other. */
type StartedRotation = 'started' | 'resumed';

/**
 * The message of Secrets Manager while a version has AWSPENDING and not AWSCURRENT. It has no error of its own for it,
 * and the message ends with "That rotation will be reattempted."
 */
const incompleteRotation = /previous rotation isn['’]t complete/i;

/** The signing key secret as operators use it. */
export interface SigningKeySetStore extends SigningKeyStateStore {
  /** Starts a rotation, or returns why Secrets Manager refuses it. On AWS it completes after the response. */
  rotate(): Promise<Result<StartedRotation, string>>;
}

export const signingKeySetStore = (client: SecretsManagerClient, SecretId: string): SigningKeySetStore => ({
  async read() {
    const { VersionIdsToStages = {}, RotationEnabled } = await secretsManagerCall(
      client.send(new DescribeSecretCommand({ SecretId })),
    );
    const { VersionId: versionId, SecretString = '{}' } = await secretsManagerCall(
      client.send(new GetSecretValueCommand({ SecretId })),
    );
    return {
      versionId,
      set: parseOrThrow(SecretString),
      // A completed rotation may leave AWSPENDING on the version that it made current.
      isRotating: Object.values(VersionIdsToStages).some(
        (labels) => labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT'),
      ),
      isRotationEnabled: RotationEnabled === true,
    };
  },

  rotate: () =>
    secretsManagerCall(
      client.send(new RotateSecretCommand({ SecretId })).then(
        () => ok('started' as const),
        (error: unknown) => {
          if (!(error instanceof InvalidRequestException)) throw error;
          return incompleteRotation.test(error.message) ? ok('resumed' as const) : failed(error.message);
        },
      ),
    ),

  async write(set) {
    const { VersionId } = await secretsManagerCall(
      client.send(
        new PutSecretValueCommand({
          SecretId,
          SecretString: JSON.stringify(set),
          // If AWSPENDING stayed on the old version, it would look like an incomplete rotation, and the next rotation
          // would continue with that version and bring its keys back.
          VersionStages: ['AWSCURRENT', 'AWSPENDING'],
        }),
      ),
    );
    return VersionId;
  },
});

/** The versions of the signing key secret, for its rotation. */
export function signingKeySetVersions(client: SecretsManagerClient, SecretId: string): RotationVersions {
  const versionWith = async (label: string) => {
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label));
  };
  const currentVersion = () => versionWith('AWSCURRENT');

  return {
    currentVersion,

    async read(VersionStage, VersionId) {
      // A request for a version and for a label that it does not have is an error, which is not the same everywhere.
      if (VersionId !== undefined && (await versionWith(VersionStage)) !== VersionId) return undefined;
      try {
        const version = { VersionStage, ...(VersionId !== undefined && { VersionId }) };
        const { SecretString = '{}' } = await client.send(
          new GetSecretValueCommand({ SecretId, ...version }),
        );
        return parseOrThrow(SecretString);
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },

    async writePending(ClientRequestToken, set) {
      await client.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken,
          SecretString: JSON.stringify(set),
          VersionStages: ['AWSPENDING'],
        }),
      );
    },

    async discardPending(RemoveFromVersionId) {
      await client.send(
        new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId }),
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
