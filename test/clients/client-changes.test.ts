import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import {
  addKeys,
  canAuthenticate,
  removeKey,
  removeSecret,
  replaceSecrets,
  revokeTokens,
  rotateSecret,
} from '../../src/clients/client-changes.ts';
import type { Changed } from '../../src/clients/client-changes.ts';
import { parseClientKeys } from '../../src/clients/client-key.ts';
import { matchClientSecret, newClientSecret, validSecrets } from '../../src/clients/client-secret.ts';
import { Client } from '../../src/clients/client.ts';
import type { ClientSecret } from '../../src/clients/client.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';

const now = 1_800_000_000;
const key = deriveHashKeys('hash key').clientSecret;
const secret = (id: string, expiresAt?: number): ClientSecret => ({
  id,
  hash: `hash of ${id}`,
  createdAt: now - 100,
  ...(expiresAt !== undefined && { expiresAt }),
});
const client: Client = {
  id: 'acme',
  name: 'Acme',
  kind: 'integration',
  authenticationMethods: ['client_secret_basic', 'client_secret_post'],
  secrets: [secret('old')],
  keys: [],
  grants: ['client_credentials'],
  scopes: ['orders:read'],
  defaultScopes: [],
  requiredScopes: [],
  subjects: [],
  audiences: [],
  allowedOrigins: [],
  dpopBoundAccessTokens: false,
  fapi: false,
  mayIntrospect: false,
  claims: {},
  status: 'enabled',
  tokenGeneration: 'g1',
  createdAt: now - 100,
  version: 7,
};
const [oneKey, otherKey] = await Promise.all(['one', 'other'].map(publicKey));
assert.ok(oneKey && otherKey);

async function publicKey(kid: string) {
  const generated = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const keys = await parseClientKeys(JSON.stringify({ ...generated.export({ format: 'jwk' }), kid }));
  assert.ok(keys.ok && keys.value.keys[0]);
  return keys.value.keys[0];
}

function changed(result: Changed): Client {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function refused(result: Changed): string {
  assert.ok(!result.ok);
  return result.error.problem;
}

describe('new client secret', () => {
  test('has 64 hexadecimal digits', () => {
    expect(newClientSecret(key, client, now).secret).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has 40 hexadecimal digits for a session key', () => {
    const generated = newClientSecret(key, { id: 'AQ1', account: 'MAG1' }, now);
    expect(generated.secret).toMatch(/^[0-9a-f]{40}$/);
  });

  test('matches the stored secret that it is replaced with', () => {
    const generated = newClientSecret(key, client, now);
    const replaced = changed(replaceSecrets(client, generated.stored));
    expect(matchClientSecret(key, replaced, [generated.secret], now)).toStrictEqual(generated.stored);
  });
});

describe('secret rotation', () => {
  const two = { ...client, secrets: [secret('a', now + 1), secret('b')] };
  const keyed: Client = {
    ...client,
    secrets: [],
    keys: [oneKey],
    authenticationMethods: ['private_key_jwt'],
  };
  const open: Client = { ...client, secrets: [], kind: 'sales_channel', authenticationMethods: ['none'] };

  test('adds a secret, and lets the old one expire after the overlap', () => {
    const next = changed(rotateSecret(client, secret('new'), { overlap: 60, now }));
    expect(next).toStrictEqual({ ...client, secrets: [secret('old', now + 60), secret('new')] });
  });

  test('removes the old secret if there is no overlap', () => {
    const { secrets } = changed(rotateSecret(client, secret('new'), { overlap: 0, now }));
    expect(secrets).toStrictEqual([secret('new')]);
  });

  test('does not extend the life of a secret that expires earlier', () => {
    const expiring = { ...client, secrets: [secret('old', now + 10)] };
    const { secrets } = changed(rotateSecret(expiring, secret('new'), { overlap: 60, now }));
    expect(secrets[0]).toStrictEqual(secret('old', now + 10));
  });

  test('removes expired secrets', () => {
    const expired = { ...client, secrets: [secret('expired', now), secret('old')] };
    const { secrets } = changed(rotateSecret(expired, secret('new'), { overlap: 60, now }));
    expect(secrets.map(({ id }) => id)).toStrictEqual(['old', 'new']);
  });

  test.each([0, 60])('refuses a third valid secret with an overlap of %i s', (overlap) => {
    expect(refused(rotateSecret(two, secret('new'), { overlap, now }))).toMatch(
      /two valid secrets.*: a and b\. /,
    );
  });

  test('adds a secret to a client without one', () => {
    const none = { ...client, secrets: [] };
    const { secrets } = changed(rotateSecret(none, secret('new'), { overlap: 60, now }));
    expect(secrets).toStrictEqual([secret('new')]);
  });

  test('refuses a client that authenticates with keys', () => {
    expect(refused(rotateSecret(keyed, secret('new'), { overlap: 0, now }))).toMatch(
      /with its keys.* Add its new/,
    );
  });

  test('refuses a public client', () => {
    expect(refused(rotateSecret(open, secret('new'), { overlap: 0, now }))).toMatch(
      /is public.* Create another client/,
    );
  });

  test('leaves a secret out of the valid ones from the second in which it expires', () => {
    expect(validSecrets(two, now + 1)).toStrictEqual([secret('b')]);
  });
});

describe('secret replacement and removal', () => {
  const two = { ...client, secrets: [secret('a'), secret('b')] };

  test('replaces every other secret', () => {
    expect(changed(replaceSecrets(two, secret('new')))).toStrictEqual({
      ...client,
      secrets: [secret('new')],
    });
  });

  test('refuses to replace the secrets of a public client', () => {
    const open: Client = { ...client, secrets: [], kind: 'sales_channel', authenticationMethods: ['none'] };
    expect(refused(replaceSecrets(open, secret('new')))).toMatch(/is public/);
  });

  test('removes the secret that is named', () => {
    expect(changed(removeSecret(two, 'a'))).toStrictEqual({ ...client, secrets: [secret('b')] });
  });

  test('refuses to remove an unknown secret, and lists the known ones', () => {
    expect(refused(removeSecret(two, 'c'))).toMatch(/no secret with this id\. It has a and b\./);
  });

  test('refuses to remove a secret of a client without one', () => {
    expect(refused(removeSecret({ ...client, secrets: [] }, 'c'))).toMatch(/has no secret\./);
  });
});

describe('revocation of all tokens of a client', () => {
  test('gives the client a new generation of tokens, and changes nothing else', () => {
    const next = revokeTokens(client);
    expect(next).toStrictEqual({ ...client, tokenGeneration: next.tokenGeneration });
    expect(next.tokenGeneration).toMatch(/^[\w-]{11}$/);
  });

  test('applies to a client that was registered before there were generations', () => {
    const { tokenGeneration: _, ...older } = client;
    expect(v.parse(Client, older)).toStrictEqual({ ...client, tokenGeneration: '' });
  });

  test('never gives the same generation twice', () => {
    const generations = Array.from({ length: 1_000 }, () => revokeTokens(client).tokenGeneration);
    expect(new Set(generations).size).toBe(1_000);
  });
});

describe('keys of a client', () => {
  const keyed = changed(addKeys(client, [oneKey]));
  const both = changed(addKeys(client, [oneKey, otherKey]));
  const more = ['3', '4', '5'].map((kid) => ({ ...oneKey, kid }));

  test('the first one adds the method private_key_jwt', () => {
    expect(keyed).toStrictEqual({
      ...client,
      keys: [oneKey],
      authenticationMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    });
  });

  test('the second one adds no method', () => {
    const next = changed(addKeys(keyed, [otherKey]));
    expect(next.keys).toStrictEqual([oneKey, otherKey]);
    expect(next.authenticationMethods).toStrictEqual(keyed.authenticationMethods);
  });

  test('refuses a kid that the client already has', () => {
    expect(refused(addKeys(both, [otherKey]))).toMatch(/already has a key other/);
  });

  test('accepts four keys', () => {
    expect(changed(addKeys(both, more.slice(1))).keys.length).toBe(4);
  });

  test('refuses a fifth key', () => {
    expect(refused(addKeys(both, more))).toMatch(
      /would have 5 keys, and the maximum is 4\. .* one and other\./,
    );
  });

  test('refuses a key for a session key', () => {
    expect(refused(addKeys({ ...client, account: 'MAG1' }, [oneKey]))).toMatch(/is a session key/);
  });

  test('removes the key that is named', () => {
    expect(changed(removeKey(both, 'one')).keys).toStrictEqual([otherKey]);
  });

  test('refuses to remove an unknown key, and lists the known ones', () => {
    expect(refused(removeKey(both, 'two'))).toMatch(/no key with this kid\. It has one and other\./);
  });

  test('refuses to remove a key of a client without one', () => {
    expect(refused(removeKey(client, 'one'))).toMatch(/has no key\./);
  });
});

describe('authentication of a client', () => {
  const keyed: Client = { ...client, secrets: [], authenticationMethods: ['private_key_jwt'] };

  test.each<[string, Client]>([
    ['with a valid secret', client],
    ['with a key', { ...keyed, keys: [oneKey] }],
    ['with nothing, as a public client', { ...keyed, authenticationMethods: ['none'] }],
  ])('is possible %s', (_, possible) => {
    expect(canAuthenticate(possible, now)).toBe(true);
  });

  test.each<[string, Client]>([
    ['with an expired secret', { ...client, secrets: [secret('old', now)] }],
    ['without a key, if its method is private_key_jwt', keyed],
    [
      'with a secret, if its method is private_key_jwt',
      { ...client, authenticationMethods: ['private_key_jwt'] },
    ],
  ])('is not possible %s', (_, impossible) => {
    expect(canAuthenticate(impossible, now)).toBe(false);
  });
});
