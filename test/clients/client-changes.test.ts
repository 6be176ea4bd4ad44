import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
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
  assert.match(made.secret, /^[0-9a-f]{64}$/);
  const { secrets, ...rest } = changed(replaceSecrets(client, made.stored));
  assert.deepEqual(matchClientSecret(key, { ...rest, secrets }, [made.secret], now), made.stored);
  assert.match(newClientSecret(key, { id: 'AQ1', account: 'MAG1' }, now).secret, /^[0-9a-f]{40}$/);
});

test('a rotation adds a secret and ends the old one after the overlap', () => {
  const next = changed(rotateSecret(client, secret('new'), { overlap: 60, now }));
  assert.deepEqual(next, { ...client, secrets: [secret('old', now + 60), secret('new')] });
  assert.deepEqual(
    changed(rotateSecret(client, secret('new'), { overlap: 0, now })).secrets,
    [secret('new')],
    'without an overlap',
  );
});

test('a rotation never makes a secret live longer', () => {
  const ending = { ...client, secrets: [secret('old', now + 10)] };
  const { secrets } = changed(rotateSecret(ending, secret('new'), { overlap: 60, now }));
  assert.deepEqual(secrets[0], secret('old', now + 10));
});

test('a rotation drops what ended, and refuses a third live secret', () => {
  const ended = { ...client, secrets: [secret('ended', now), secret('old')] };
  const { secrets } = changed(rotateSecret(ended, secret('new'), { overlap: 60, now }));
  assert.deepEqual(
    secrets.map(({ id }) => id),
    ['old', 'new'],
  );
  const two = { ...client, secrets: [secret('a', now + 1), secret('b')] };
  for (const overlap of [0, 60]) {
    assert.match(
      refused(rotateSecret(two, secret('new'), { overlap, now })),
      /two valid secrets.*: a and b\. /,
    );
  }
  assert.deepEqual(validSecrets(two, now + 1), [secret('b')]);
});

test('a client whose secrets are all gone gets one again', () => {
  const none = { ...client, secrets: [] };
  assert.deepEqual(changed(rotateSecret(none, secret('new'), { overlap: 60, now })).secrets, [secret('new')]);
});

test('a client that has no secret by its kind gets none', () => {
  const keyed: Client = {
    ...client,
    secrets: [],
    keys: [oneKey],
    authenticationMethods: ['private_key_jwt'],
  };
  const open: Client = { ...client, secrets: [], kind: 'sales_channel', authenticationMethods: ['none'] };
  assert.match(
    refused(rotateSecret(keyed, secret('new'), { overlap: 0, now })),
    /with its keys.* Add its new/,
  );
  assert.match(
    refused(rotateSecret(open, secret('new'), { overlap: 0, now })),
    /is public.* Create another client/,
  );
  assert.match(refused(replaceSecrets(open, secret('new'))), /is public/);
});

test('replacing ends every other secret, however many live', () => {
  const two = { ...client, secrets: [secret('a'), secret('b')] };
  assert.deepEqual(changed(replaceSecrets(two, secret('new'))), { ...client, secrets: [secret('new')] });
});

test('one secret is removed, and one that is not there is refused with those that are', () => {
  const two = { ...client, secrets: [secret('a'), secret('b')] };
  assert.deepEqual(changed(removeSecret(two, 'a')), { ...client, secrets: [secret('b')] });
  assert.match(refused(removeSecret(two, 'c')), /no secret with this id\. It has a and b\./);
  assert.match(refused(removeSecret({ ...client, secrets: [] }, 'c')), /has no secret\./);
});

test('tokens are void until now, and never until earlier than they were', () => {
  assert.deepEqual(revokeTokens(client, now), { ...client, tokensValidAfter: now });
  const later = { ...client, tokensValidAfter: now + 5 };
  assert.equal(revokeTokens(later, now).tokensValidAfter, now + 5);
});

test('keys are added, and the client may then authenticate with them', () => {
  const keyed = changed(addKeys(client, [oneKey]));
  assert.deepEqual(keyed, {
    ...client,
    keys: [oneKey],
    authenticationMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  });
  const both = changed(addKeys(keyed, [otherKey]));
  assert.deepEqual(both.keys, [oneKey, otherKey]);
  assert.deepEqual(both.authenticationMethods, keyed.authenticationMethods);
});

test('a kid twice, a fifth key, and a key of a session key are refused', () => {
  const keyed = changed(addKeys(client, [oneKey, otherKey]));
  assert.match(refused(addKeys(keyed, [otherKey])), /already has a key other/);
  const more = ['3', '4', '5'].map((kid) => ({ ...oneKey, kid }));
  assert.match(refused(addKeys(keyed, more)), /would have 5 keys, and the maximum is 4\. .* one and other\./);
  assert.equal(changed(addKeys(keyed, more.slice(1))).keys.length, 4);
  assert.match(refused(addKeys({ ...client, account: 'MAG1' }, [oneKey])), /is a session key/);
});

test('one key is removed, and one that is not there is refused with those that are', () => {
  const keyed = changed(addKeys(client, [oneKey, otherKey]));
  assert.deepEqual(changed(removeKey(keyed, 'one')).keys, [otherKey]);
  assert.match(refused(removeKey(keyed, 'two')), /no key with this kid\. It has one and other\./);
  assert.match(refused(removeKey(client, 'one')), /has no key\./);
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
