import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect, test } from '@jest/globals';
import { secretsManagerClient } from '../../local/clients.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import type { InvokeRotation } from '../../local/secrets-manager/rotation.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { afterThisTest } from '../after-this-test.ts';
import { temporaryFolder } from './fixture-function.ts';

const operator = newAccessKey();

async function start({ file, invoke }: { file?: string; invoke?: InvokeRotation } = {}) {
  const service = await startSecretsManager({
    file,
    control: localAccessControl(operator),
    invokeRotation: invoke ?? (() => Promise.reject(new Error('no function'))),
  });
  const client = secretsManagerClient(service.endpoint, operator);
  afterThisTest(async () => {
    client.destroy();
    await service.close();
  });
  return client;
}

const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:rotate';

test('finds a secret by name and by ARN, a version by id and by stage', async () => {
  const client = await start();
  const created = await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  expect(created.ARN ?? '').toMatch(/^arn:aws:secretsmanager:eu-west-1:000000000000:secret:keys-[a-z\d]{6}$/);
  for (const request of [
    { SecretId: 'keys' },
    { SecretId: created.ARN, VersionStage: 'AWSCURRENT' },
    { SecretId: 'keys', VersionId: created.VersionId },
  ]) {
    const { SecretString, VersionId, VersionStages } = await client.send(new GetSecretValueCommand(request));
    expect([SecretString, VersionId, VersionStages]).toStrictEqual([
      'one',
      created.VersionId,
      ['AWSCURRENT'],
    ]);
  }
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'gone' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await expect(
    client.send(new GetSecretValueCommand({ SecretId: 'keys', VersionStage: 'AWSPENDING' })),
  ).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
  });
  await expect(client.send(new CreateSecretCommand({ Name: 'keys' }))).rejects.toMatchObject({
    name: 'ResourceExistsException',
  });
});

test('a new value becomes current and the old one previous', async () => {
  const client = await start();
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  await client.send(new PutSecretValueCommand({ SecretId: 'keys', SecretString: 'two' }));
  const value = async (VersionStage: string) =>
    (await client.send(new GetSecretValueCommand({ SecretId: 'keys', VersionStage }))).SecretString;
  expect([await value('AWSCURRENT'), await value('AWSPREVIOUS')]).toStrictEqual(['two', 'one']);
});

test('the same token may come again with the same value only', async () => {
  const client = await start();
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  const put = (SecretString: string) =>
    client.send(
      new PutSecretValueCommand({
        SecretId: 'keys',
        ClientRequestToken: 'b'.repeat(32),
        VersionStages: ['AWSPENDING'],
        SecretString,
      }),
    );
  await put('two');
  expect((await put('two')).VersionStages).toStrictEqual(['AWSPENDING']);
  await expect(put('three')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  const current = await client.send(new GetSecretValueCommand({ SecretId: 'keys' }));
  assert.equal(current.SecretString, 'one', 'a pending version leaves the current one in place');
});

test('moves a staging label only from where it is', async () => {
  const client = await start();
  const { VersionId: first } = await client.send(
    new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }),
  );
  const second = randomUUID();
  await client.send(
    new PutSecretValueCommand({
      SecretId: 'keys',
      ClientRequestToken: second,
      VersionStages: ['AWSPENDING'],
      SecretString: 'two',
    }),
  );
  const move = (MoveToVersionId: string | undefined, RemoveFromVersionId: string | undefined) =>
    client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: 'keys',
        VersionStage: 'AWSCURRENT',
        MoveToVersionId,
        RemoveFromVersionId,
      }),
    );
  await expect(move(second, undefined)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(move(undefined, first)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(move(randomUUID(), first)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await move(second, first);
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: 'keys' }));
  expect(VersionIdsToStages).toStrictEqual({
    [first ?? '']: ['AWSPREVIOUS'],
    [second]: ['AWSPENDING', 'AWSCURRENT'],
  });
});

test('rotates in four steps, and takes up a rotation that failed', async () => {
  const steps: string[] = [];
  let failing = true;
  const client = await start({
    async invoke(arn, event, sourceArn) {
      const { SecretId, ClientRequestToken, Step } = Object(event);
      expect([arn, SecretId]).toStrictEqual([functionArn, sourceArn]);
      steps.push(Step);
      const { VersionIdsToStages = {}, RotationEnabled } = await client.send(
        new DescribeSecretCommand({ SecretId }),
      );
      expect(RotationEnabled).toBe(true);
      expect(VersionIdsToStages[ClientRequestToken]).toStrictEqual(['AWSPENDING']);
      if (Step === 'createSecret') {
        await client.send(
          new PutSecretValueCommand({
            SecretId,
            ClientRequestToken,
            SecretString: 'two',
            VersionStages: ['AWSPENDING'],
          }),
        );
      }
      if (Step === 'testSecret' && failing) throw new Error('not yet');
      if (Step === 'finishSecret') {
        const [current] =
          Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT')) ?? [];
        await client.send(
          new UpdateSecretVersionStageCommand({
            SecretId,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: ClientRequestToken,
            RemoveFromVersionId: current,
          }),
        );
      }
    },
  });
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  const rotate = () =>
    client.send(new RotateSecretCommand({ SecretId: 'keys', RotationLambdaARN: functionArn }));

  await expect(rotate()).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: 'Rotation of keys failed in testSecret: not yet',
  });
  const described = await client.send(new DescribeSecretCommand({ SecretId: 'keys' }));
  expect(described.LastRotatedDate).toBeUndefined();
  const pending = Object.entries(described.VersionIdsToStages ?? {}).find(([, stages]) =>
    stages.includes('AWSPENDING'),
  );

  failing = false;
  steps.length = 0;
  assert.equal((await rotate()).VersionId, pending?.[0], 'the pending version is finished');
  expect(steps).toStrictEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: 'keys' }));
  expect(SecretString).toBe('two');
  assert.ok((await client.send(new DescribeSecretCommand({ SecretId: 'keys' }))).LastRotatedDate);
});

test('a rotation that moves no label has failed', async () => {
  const client = await start({ invoke: () => Promise.resolve() });
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  await expect(
    client.send(new RotateSecretCommand({ SecretId: 'keys', RotationLambdaARN: functionArn })),
  ).rejects.toMatchObject({ message: expect.stringMatching(/its new version is not AWSCURRENT/) });
});

test('keeps secrets in a file that only its owner reads', async () => {
  const file = join(temporaryFolder(), 'secrets.json');
  const client = await start({ file });
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretBinary: Buffer.from([1, 2]) }));
  expect(statSync(file).mode & 0o777).toBe(0o600);

  // No close before: what was answered is in the file.
  const later = await start({ file });
  const { SecretBinary } = await later.send(new GetSecretValueCommand({ SecretId: 'keys' }));
  expect([...(SecretBinary ?? [])]).toStrictEqual([1, 2]);
});
