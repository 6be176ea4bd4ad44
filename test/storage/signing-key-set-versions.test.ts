import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { secretsManagerClient } from '../../local/clients.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { rotateSigningKeySet } from '../../src/keys/rotation.ts';
import type { RotationVersions } from '../../src/keys/rotation.ts';
import { signingKeySetStore, signingKeySetVersions } from '../../src/storage/signing-key-set-store.ts';
import { afterThisFile } from '../after-this-test.ts';

const operator = newAccessKey();
const service = await startSecretsManager({
  file: undefined,
  control: localAccessControl(operator),
  invokeRotation: () => Promise.reject(new Error('no function')),
});
const client = secretsManagerClient(service.endpoint, operator);
afterThisFile(async () => {
  client.destroy();
  await service.close();
});

const terms = { algorithm: 'ES256', longestTokenLifetime: 14_400 } as const;
const set = await rotateSigningKeySet(undefined, terms, 0);
const own = 'own'.padEnd(32, '-');
const foreign = 'foreign'.padEnd(32, '-');
let count = 0;

describe('versions of the signing key secret', () => {
  let SecretId: string;
  let versions: RotationVersions;
  beforeEach(async () => {
    count += 1;
    SecretId = `signing-keys-${count}`;
    await client.send(new CreateSecretCommand({ Name: SecretId, SecretString: '{}' }));
    versions = signingKeySetVersions(client, SecretId);
  });

  test('read the set of the version that has AWSPENDING', async () => {
    await versions.writePending(own, set);
    expect(await versions.read('AWSPENDING', own)).toStrictEqual(set);
  });

  test('read nothing of a version whose label another rotation has', async () => {
    await client.send(
      new PutSecretValueCommand({
        SecretId,
        ClientRequestToken: own,
        SecretString: JSON.stringify(set),
        VersionStages: ['OTHER'],
      }),
    );
    await versions.writePending(foreign, set);
    expect(await versions.read('AWSPENDING', own)).toBeUndefined();
  });

  test('take AWSPENDING from another version when they store theirs', async () => {
    await versions.writePending(foreign, set);
    await versions.writePending(own, set);
    expect(await versions.read('AWSPENDING', foreign)).toBeUndefined();
    expect(await versions.read('AWSPENDING', own)).toStrictEqual(set);
  });

  test('have no rotation under way after the pending version was discarded', async () => {
    await versions.writePending(own, set);
    const store = signingKeySetStore(client, SecretId);
    expect((await store.read()).isRotating).toBe(true);
    await versions.discardPending(own);
    expect(await store.read()).toMatchObject({ isRotating: false, set: undefined });
  });
});
