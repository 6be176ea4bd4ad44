import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from '@jest/globals';
import { secretsManagerClient } from '../../local/clients.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import type { AccessKey } from '../../local/iam/access-key.ts';
import { readRunningInstances } from '../../local/running.ts';
import { localStages } from './stages.ts';

const { sandbox } = localStages();
const port = Number(new URL(sandbox.url).port);
const instance = readRunningInstances().find(({ stages }) => stages['sandbox']?.port === port);
assert.ok(instance);
const { secretsManagerEndpoint, operator, stages } = instance;

async function readSigningKeys(key: AccessKey) {
  const client = secretsManagerClient(secretsManagerEndpoint, key);
  try {
    return await client.send(
      new GetSecretValueCommand({ SecretId: stages['sandbox']?.outputs['SigningKeysSecret'] }),
    );
  } finally {
    client.destroy();
  }
}

describe('Secrets Manager of npm start', () => {
  test('gives the signing keys to the access key that is announced to the operator', async () => {
    expect((await readSigningKeys(operator)).SecretString).toContain('"kid"');
  });

  test.each<[string, AccessKey]>([
    ['an access key of nobody', newAccessKey()],
    ['the id of the operator with another secret', { ...operator, secretAccessKey: 'local' }],
    ['the access key of earlier versions', { accessKeyId: 'local-operator', secretAccessKey: 'local' }],
  ])('refuses the signing keys to %s', async (_, key) => {
    await expect(readSigningKeys(key)).rejects.toMatchObject({
      name: expect.stringMatching(/^(UnrecognizedClient|InvalidSignature)Exception$/),
    });
  });
});

describe('stage of npm start', () => {
  test('serves any Host, as behind a custom domain, and takes its issuer from none', async () => {
    const sent = request(`${sandbox.url}/.well-known/oauth-authorization-server`, {
      headers: { host: 'auth.example.com' },
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await text(response))).toMatchObject({ issuer: sandbox.issuer });
  });
});
