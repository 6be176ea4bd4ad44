import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
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
import type { Client, ClientSecret } from '../../src/clients/client.ts';
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
  audiences: [],
  dpopBoundAccessTokens: false,
  mayIntrospect: false,
  claims: {},
  status: 'enabled',
  tokensValidAfter: 0,
  createdAt: now - 100,
  version: 7,
};
const [oneKey, otherKey] = await Promise.all(['one', 'other'].map(publicKey));
assert.ok(oneKey && otherKey);

async function publicKey(kid: string) {
  const { publicKey: made } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = await parseClientKeys(JSON.stringify({ ...made.export({ format: 'jwk' }), kid }));
  assert.ok(keys.ok && keys.value[0]);
  return keys.value[0];
}

function changed(result: Changed): Client {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function refused(result: Changed): string {
  assert.ok(!result.ok);
  return result.error.problem;
}

test('a new secret authenticates, and has the form of the client', () => {
  const made = newClientSecret(key, client, now);
  expect(made.secret).toMatch(/^[0-9a-f]{64}$/);
  const { secrets, ...rest } = changed(replaceSecrets(client, made.stored));
  expect(matchClientSecret(key, { ...rest, secrets }, [made.secret], now)).toStrictEqual(made.stored);
  expect(newClientSecret(key, { id: 'AQ1', account: 'MAG1' }, now).secret).toMatch(/^[0-9a-f]{40}$/);
});

test('a rotation adds a secret and ends the old one after the overlap', () => {
  const next = changed(rotateSecret(client, secret('new'), { overlap: 60, now }));
  expect(next).toStrictEqual({ ...client, secrets: [secret('old', now + 60), secret('new')] });
  assert.deepEqual(
    changed(rotateSecret(client, secret('new'), { overlap: 0, now })).secrets,
    [secret('new')],
    'without an overlap',
  );
});

test('a rotation never makes a secret live longer', () => {
  const ending = { ...client, secrets: [secret('old', now + 10)] };
  const { secrets } = changed(rotateSecret(ending, secret('new'), { overlap: 60, now }));
  expect(secrets[0]).toStrictEqual(secret('old', now + 10));
});

test('a rotation drops what ended, and refuses a third live secret', () => {
  const ended = { ...client, secrets: [secret('ended', now), secret('old')] };
  const { secrets } = changed(rotateSecret(ended, secret('new'), { overlap: 60, now }));
  expect(secrets.map(({ id }) => id)).toStrictEqual(['old', 'new']);
  const two = { ...client, secrets: [secret('a', now + 1), secret('b')] };
  for (const overlap of [0, 60]) {
    expect(refused(rotateSecret(two, secret('new'), { overlap, now }))).toMatch(
      /two valid secrets.*: a and b\. /,
    );
  }
  expect(validSecrets(two, now + 1)).toStrictEqual([secret('b')]);
});

test('a client whose secrets are all gone gets one again', () => {
  const none = { ...client, secrets: [] };
  expect(changed(rotateSecret(none, secret('new'), { overlap: 60, now })).secrets).toStrictEqual([
    secret('new'),
  ]);
});

test('a client that has no secret by its kind gets none', () => {
  const keyed: Client = {
    ...client,
    secrets: [],
    keys: [oneKey],
    authenticationMethods: ['private_key_jwt'],
  };
  const open: Client = { ...client, secrets: [], kind: 'sales_channel', authenticationMethods: ['none'] };
  expect(refused(rotateSecret(keyed, secret('new'), { overlap: 0, now }))).toMatch(
    /with its keys.* Add its new/,
  );
  expect(refused(rotateSecret(open, secret('new'), { overlap: 0, now }))).toMatch(
    /is public.* Create another client/,
  );
  expect(refused(replaceSecrets(open, secret('new')))).toMatch(/is public/);
});

test('replacing ends every other secret, however many live', () => {
  const two = { ...client, secrets: [secret('a'), secret('b')] };
  expect(changed(replaceSecrets(two, secret('new')))).toStrictEqual({ ...client, secrets: [secret('new')] });
});

test('one secret is removed, and one that is not there is refused with those that are', () => {
  const two = { ...client, secrets: [secret('a'), secret('b')] };
  expect(changed(removeSecret(two, 'a'))).toStrictEqual({ ...client, secrets: [secret('b')] });
  expect(refused(removeSecret(two, 'c'))).toMatch(/no secret with this id\. It has a and b\./);
  expect(refused(removeSecret({ ...client, secrets: [] }, 'c'))).toMatch(/has no secret\./);
});

test('tokens are void until now, and never until earlier than they were', () => {
  expect(revokeTokens(client, now)).toStrictEqual({ ...client, tokensValidAfter: now });
  const later = { ...client, tokensValidAfter: now + 5 };
  expect(revokeTokens(later, now).tokensValidAfter).toBe(now + 5);
});

test('keys are added, and the client may then authenticate with them', () => {
  const keyed = changed(addKeys(client, [oneKey]));
  expect(keyed).toStrictEqual({
    ...client,
    keys: [oneKey],
    authenticationMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  });
  const both = changed(addKeys(keyed, [otherKey]));
  expect(both.keys).toStrictEqual([oneKey, otherKey]);
  expect(both.authenticationMethods).toStrictEqual(keyed.authenticationMethods);
});

test('a kid twice, a fifth key, and a key of a session key are refused', () => {
  const keyed = changed(addKeys(client, [oneKey, otherKey]));
  expect(refused(addKeys(keyed, [otherKey]))).toMatch(/already has a key other/);
  const more = ['3', '4', '5'].map((kid) => ({ ...oneKey, kid }));
  expect(refused(addKeys(keyed, more))).toMatch(
    /would have 5 keys, and the maximum is 4\. .* one and other\./,
  );
  expect(changed(addKeys(keyed, more.slice(1))).keys.length).toBe(4);
  expect(refused(addKeys({ ...client, account: 'MAG1' }, [oneKey]))).toMatch(/is a session key/);
});

test('one key is removed, and one that is not there is refused with those that are', () => {
  const keyed = changed(addKeys(client, [oneKey, otherKey]));
  expect(changed(removeKey(keyed, 'one')).keys).toStrictEqual([otherKey]);
  expect(refused(removeKey(keyed, 'two'))).toMatch(/no key with this kid\. It has one and other\./);
  expect(refused(removeKey(client, 'one'))).toMatch(/has no key\./);
});

test('a client can authenticate with a live secret, a key, or nothing, as its methods say', () => {
  assert.ok(canAuthenticate(client, now));
  assert.ok(!canAuthenticate({ ...client, secrets: [secret('old', now)] }, now));
  const keyed: Client = { ...client, secrets: [], authenticationMethods: ['private_key_jwt'] };
  assert.ok(!canAuthenticate(keyed, now));
  assert.ok(canAuthenticate({ ...keyed, keys: [oneKey] }, now));
  assert.ok(canAuthenticate({ ...keyed, authenticationMethods: ['none'] }, now));
  assert.ok(!canAuthenticate({ ...client, authenticationMethods: ['private_key_jwt'] }, now));
});
