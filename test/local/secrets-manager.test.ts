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
import type { CreateSecretCommandOutput, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { secretsManagerClient } from '../../local/clients.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import type { InvokeRotation } from '../../local/secrets-manager/rotation.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
import type { RegisterCleanup } from '../after-this-test.ts';
import { temporaryFolder } from './fixture-function.ts';

const operator = newAccessKey();

interface Options {
  readonly file?: string;
  readonly invoke?: InvokeRotation;
  readonly cleanUp?: RegisterCleanup;
}

async function start({ file, invoke, cleanUp = afterThisTest }: Options = {}) {
  const service = await startSecretsManager({
    file,
    control: localAccessControl(operator),
    invokeRotation: invoke ?? (() => Promise.reject(new Error('no function'))),
  });
  const client = secretsManagerClient(service.endpoint, operator);
  cleanUp(async () => {
    client.destroy();
    await service.close();
  });
  return client;
}

const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:rotate';

describe('local Secrets Manager', () => {
  let client: SecretsManagerClient;
  let created: CreateSecretCommandOutput;
  beforeEach(async () => {
    client = await start();
    created = await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
  });
  const valueOf = async (VersionStage: string) =>
    (await client.send(new GetSecretValueCommand({ SecretId: 'keys', VersionStage }))).SecretString;

  test('names a secret by an ARN with a random suffix', () => {
    expect(created.ARN ?? '').toMatch(
      /^arn:aws:secretsmanager:eu-west-1:000000000000:secret:keys-[a-z\d]{6}$/,
    );
  });

  test.each([
    ['its name', () => ({ SecretId: 'keys' })],
    ['its ARN and a staging label', () => ({ SecretId: created.ARN, VersionStage: 'AWSCURRENT' })],
    ['its name and a version id', () => ({ SecretId: 'keys', VersionId: created.VersionId })],
  ])('finds the value of a secret by %s', async (_, request) => {
    const { SecretString, VersionId, VersionStages } = await client.send(
      new GetSecretValueCommand(request()),
    );
    expect([SecretString, VersionId, VersionStages]).toStrictEqual([
      'one',
      created.VersionId,
      ['AWSCURRENT'],
    ]);
  });

  test('refuses an unknown secret', async () => {
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'gone' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('refuses a staging label that no version has', async () => {
    await expect(valueOf('AWSPENDING')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    });
  });

  test('refuses a version together with a staging label that it does not have', async () => {
    const { VersionId } = created;
    await expect(
      client.send(new GetSecretValueCommand({ SecretId: 'keys', VersionId, VersionStage: 'AWSPENDING' })),
    ).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'You provided a VersionStage that is not associated to the provided VersionId.',
    });
  });

  test('refuses a second secret of the same name', async () => {
    await expect(client.send(new CreateSecretCommand({ Name: 'keys' }))).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });

  test('makes a new value current and the one before it previous', async () => {
    await client.send(new PutSecretValueCommand({ SecretId: 'keys', SecretString: 'two' }));
    expect([await valueOf('AWSCURRENT'), await valueOf('AWSPREVIOUS')]).toStrictEqual(['two', 'one']);
  });

  describe('with a pending version', () => {
    const put = (SecretString: string) =>
      client.send(
        new PutSecretValueCommand({
          SecretId: 'keys',
          ClientRequestToken: 'b'.repeat(32),
          VersionStages: ['AWSPENDING'],
          SecretString,
        }),
      );
    beforeEach(async () => {
      await put('two');
    });

    test('leaves the current version in place', async () => {
      expect((await client.send(new GetSecretValueCommand({ SecretId: 'keys' }))).SecretString).toBe('one');
    });

    test('accepts the same request token with the same value', async () => {
      expect((await put('two')).VersionStages).toStrictEqual(['AWSPENDING']);
    });

    test('refuses the same request token with another value', async () => {
      await expect(put('three')).rejects.toMatchObject({ name: 'ResourceExistsException' });
      expect(await valueOf('AWSCURRENT')).toBe('one');
    });
  });

  describe('that moves the staging label AWSCURRENT', () => {
    let first: string;
    let second: string;
    beforeEach(async () => {
      first = created.VersionId ?? '';
      second = randomUUID();
      await client.send(
        new PutSecretValueCommand({
          SecretId: 'keys',
          ClientRequestToken: second,
          VersionStages: ['AWSPENDING'],
          SecretString: 'two',
        }),
      );
    });
    const move = (MoveToVersionId: string | undefined, RemoveFromVersionId: string | undefined) =>
      client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: 'keys',
          VersionStage: 'AWSCURRENT',
          MoveToVersionId,
          RemoveFromVersionId,
        }),
      );

    test.each([
      ['without the version that has it', () => move(second, undefined), 'InvalidParameterException'],
      ['without the version to move it to', () => move(undefined, first), 'InvalidParameterException'],
      ['to an unknown version', () => move(randomUUID(), first), 'ResourceNotFoundException'],
    ])('refuses to move it %s', async (_, send, name) => {
      await expect(send()).rejects.toMatchObject({ name });
    });

    test('makes the version that had it previous', async () => {
      await move(second, first);
      const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: 'keys' }));
      expect(VersionIdsToStages).toStrictEqual({
        [first]: ['AWSPREVIOUS'],
        [second]: ['AWSPENDING', 'AWSCURRENT'],
      });
    });
  });
});

describe('rotation by the local Secrets Manager', () => {
  const steps: string[] = [];
  let failing = true;
  let client: SecretsManagerClient;
  const invoke: InvokeRotation = async (arn, event, sourceArn) => {
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
  };
  const rotate = () =>
    client.send(new RotateSecretCommand({ SecretId: 'keys', RotationLambdaARN: functionArn }));
  const describeSecret = () => client.send(new DescribeSecretCommand({ SecretId: 'keys' }));
  const versionWith = async (label: string) => {
    const { VersionIdsToStages = {} } = await describeSecret();
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label));
  };

  describe('that fails in testSecret', () => {
    let failure: unknown;
    beforeAll(async () => {
      client = await start({ invoke, cleanUp: afterThisFile });
      await client.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
      failure = await rotate().catch((error: unknown) => error);
    });

    test('says in which step and why', () => {
      expect(failure).toMatchObject({
        name: 'InvalidRequestException',
        message: 'Rotation of keys failed in testSecret: not yet',
      });
    });

    test('is not recorded as the last rotation', async () => {
      expect((await describeSecret()).LastRotatedDate).toBeUndefined();
    });

    describe('and is attempted again', () => {
      let pendingId: string | undefined;
      let refusal: unknown;
      beforeAll(async () => {
        pendingId = await versionWith('AWSPENDING');
        failing = false;
        steps.length = 0;
        refusal = await rotate().catch((error: unknown) => error);
      });

      test('is refused as AWS refuses it', () => {
        expect(refusal).toMatchObject({
          name: 'InvalidRequestException',
          message: "A previous rotation isn't complete. That rotation will be reattempted.",
        });
      });

      test('continues with the pending version', async () => {
        expect(pendingId).toBeDefined();
        expect(await versionWith('AWSCURRENT')).toBe(pendingId);
      });

      test('runs all four steps', () => {
        expect(steps).toStrictEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
      });

      test('makes the new value current', async () => {
        const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: 'keys' }));
        expect(SecretString).toBe('two');
      });

      test('is recorded as the last rotation', async () => {
        expect((await describeSecret()).LastRotatedDate).toBeDefined();
      });

      test('is followed by a new rotation, although AWSPENDING stays on the current version', async () => {
        expect(await versionWith('AWSPENDING')).toBe(pendingId);
        expect((await rotate()).VersionId).not.toBe(pendingId);
      });
    });
  });

  test('is refused while it runs, and does not run twice', async () => {
    const invoked: string[] = [];
    const during: unknown[] = [];
    const request = new RotateSecretCommand({ SecretId: 'keys', RotationLambdaARN: functionArn });
    const slow = await start({
      invoke: async (_, event) => {
        invoked.push(Object(event).Step);
        if (invoked.length === 1) during.push(await slow.send(request).catch((error: unknown) => error));
      },
    });
    await slow.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
    await slow.send(request).catch(() => undefined);
    expect(during).toMatchObject([{ message: expect.stringMatching(/^A previous rotation isn't complete/) }]);
    expect(invoked).toStrictEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  });

  test('fails if the function does not move AWSCURRENT to the new version', async () => {
    const idle = await start({ invoke: () => Promise.resolve() });
    await idle.send(new CreateSecretCommand({ Name: 'keys', SecretString: 'one' }));
    await expect(
      idle.send(new RotateSecretCommand({ SecretId: 'keys', RotationLambdaARN: functionArn })),
    ).rejects.toMatchObject({ message: expect.stringMatching(/its new version is not AWSCURRENT/) });
  });
});

describe('file of the local Secrets Manager', () => {
  let file: string;
  beforeEach(async () => {
    file = join(temporaryFolder(), 'secrets.json');
    const client = await start({ file });
    await client.send(new CreateSecretCommand({ Name: 'keys', SecretBinary: Buffer.from([1, 2]) }));
  });

  test('can be read by its owner alone', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('has every secret as soon as the response is sent, before the service is closed', async () => {
    const later = await start({ file });
    const { SecretBinary } = await later.send(new GetSecretValueCommand({ SecretId: 'keys' }));
    expect([...(SecretBinary ?? [])]).toStrictEqual([1, 2]);
  });
});
