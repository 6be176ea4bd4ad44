import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { secretsManagerClient } from '../../local/clients.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import type { InvokeRotation } from '../../local/secrets-manager/rotation.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { temporaryFolder } from './fixture-function.ts';

async function start(t: TestContext, { file, invoke }: { file?: string; invoke?: InvokeRotation } = {}) {
  const service = await startSecretsManager({
    file,
    decide: localAccessControl().decide,
    invokeRotation: invoke ?? (() => Promise.reject(new Error('no function'))),
  });
  const client = secretsManagerClient(service.endpoint);
  t.after(async () => {
    client.destroy();
    await service.close();
  });
  return client;
}

const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:rotate';

test('finds a secret by name and by ARN, a version by id and by stage', async (t) => {
  const client = await start(t);
  const created = await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  assert.match(created.ARN ?? '', /^arn:aws:secretsmanager:eu-west-1:000000000000:secret:keys-[a-z\d]{6}$/);
  for (const request of [
    { SecretId: 'keys' },
    { SecretId: created.ARN, VersionStage: 'AWSCURRENT' },
    { SecretId: 'keys', VersionId: created.VersionId },
  ]) {
    const { SecretString, VersionId, VersionStages } = await client.send(new GetSecretValueCommand(request));
    assert.deepEqual([SecretString, VersionId, VersionStages], ['one', created.VersionId, ['AWSCURRENT']]);
  }
  await assert.rejects(client.send(new GetSecretValueCommand({ SecretId: 'gone' })), {
    name: 'ResourceNotFoundException',
  });
  await assert.rejects(
    client.send(new GetSecretValueCommand({ SecretId: 'keys', VersionStage: 'AWSPENDING' })),
    {
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    },
  );
  await assert.rejects(client.send(new CreateSecretCommand({ Name: 'keys' })), {
    name: 'ResourceExistsException',
  });
});

test('a new value becomes current and the old one previous', async (t) => {
  const client = await start(t);
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  await client.send(new PutSecretValueCommand({ SecretId: 'keys', SecretString: 'two' }));
  const value = async (VersionStage: string) =>
    (await client.send(new GetSecretValueCommand({ SecretId: 'keys', VersionStage }))).SecretString;
  assert.deepEqual([await value('AWSCURRENT'), await value('AWSPREVIOUS')], ['two', 'one']);
});

test('the same token may come again with the same value only', async (t) => {
  const client = await start(t);
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
  assert.deepEqual((await put('two')).VersionStages, ['AWSPENDING']);
  await assert.rejects(put('three'), { name: 'ResourceExistsException' });
  const current = await client.send(new GetSecretValueCommand({ SecretId: 'keys' }));
  assert.equal(current.SecretString, 'one', 'a pending version leaves the current one in place');
});

test('moves a staging label only from where it is', async (t) => {
  const client = await start(t);
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
  await assert.rejects(move(second, undefined), { name: 'InvalidParameterException' });
  await assert.rejects(move(undefined, first), { name: 'InvalidParameterException' });
  await assert.rejects(move(randomUUID(), first), { name: 'ResourceNotFoundException' });
  await move(second, first);
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: 'keys' }));
  assert.deepEqual(VersionIdsToStages, {
    [first ?? '']: ['AWSPREVIOUS'],
    [second]: ['AWSPENDING', 'AWSCURRENT'],
  });
});

test('rotates in four steps, and takes up a rotation that failed', async (t) => {
  const steps: string[] = [];
  let failing = true;
  const client = await start(t, {
    async invoke(arn, event, sourceArn) {
      const { SecretId, ClientRequestToken, Step } = Object(event);
      assert.deepEqual([arn, SecretId], [functionArn, sourceArn]);
      steps.push(Step);
      const { VersionIdsToStages = {}, RotationEnabled } = await client.send(
        new DescribeSecretCommand({ SecretId }),
      );
      assert.equal(RotationEnabled, true);
      assert.deepEqual(VersionIdsToStages[ClientRequestToken], ['AWSPENDING']);
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

  await assert.rejects(rotate(), {
    name: 'InvalidRequestException',
    message: 'Rotation of keys failed in testSecret: not yet',
  });
  const described = await client.send(new DescribeSecretCommand({ SecretId: 'keys' }));
  assert.equal(described.LastRotatedDate, undefined);
  const pending = Object.entries(described.VersionIdsToStages ?? {}).find(([, stages]) =>
    stages.includes('AWSPENDING'),
  );

  failing = false;
  steps.length = 0;
  assert.equal((await rotate()).VersionId, pending?.[0], 'the pending version is finished');
  assert.deepEqual(steps, ['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: 'keys' }));
  assert.equal(SecretString, 'two');
  assert.ok((await client.send(new DescribeSecretCommand({ SecretId: 'keys' }))).LastRotatedDate);
});

test('a rotation that moves no label has failed', async (t) => {
  const client = await start(t, { invoke: () => Promise.resolve() });
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  await assert.rejects(
    client.send(new RotateSecretCommand({ SecretId: 'keys', RotationLambdaARN: functionArn })),
    {
      message: /its new version is not AWSCURRENT/,
    },
  );
});

test('keeps secrets in a file that only its owner reads', async (t) => {
  const file = join(temporaryFolder(t), 'secrets.json');
  const client = await start(t, { file });
  await client.send(new CreateSecretCommand({ Name: 'keys', SecretBinary: Buffer.from([1, 2]) }));
  assert.equal(statSync(file).mode & 0o777, 0o600);

  // No close before: what was answered is in the file.
  const later = await start(t, { file });
  const { SecretBinary } = await later.send(new GetSecretValueCommand({ SecretId: 'keys' }));
  assert.deepEqual([...(SecretBinary ?? [])], [1, 2]);
});
