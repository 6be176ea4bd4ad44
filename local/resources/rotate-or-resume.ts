import {
  DescribeSecretCommand,
  InvalidRequestException,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import type { RotateSecretCommandInput, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/**
 * Rotates a secret, or completes the rotation that an earlier start has left incomplete: then the response is an error
 * although the local Secrets Manager has completed it.
 * @param report receives why an incomplete rotation failed again, if the secret has the value of one before it
 */
export async function rotateOrResume(
  secretsManager: SecretsManagerClient,
  request: RotateSecretCommandInput,
  report: (problem: string) => void,
): Promise<void> {
  const lastRotation = async () => {
    const { LastRotatedDate } = await secretsManager.send(
      new DescribeSecretCommand({ SecretId: request.SecretId }),
    );
    return LastRotatedDate?.getTime();
  };
  const before = await lastRotation();
  try {
    await secretsManager.send(new RotateSecretCommand(request));
  } catch (error) {
    if (!(error instanceof InvalidRequestException)) throw error;
    if ((await lastRotation()) !== before) return;
    if (before === undefined) throw error;
    report(`an incomplete rotation failed again. ${error.message}`);
  }
}
