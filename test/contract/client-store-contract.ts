import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClientStore } from '../../src/clients/client-store.ts';
import type { Client } from '../../src/clients/client.ts';

export const clientOf = (id: string, more: Partial<Client> = {}): Client => ({
  id,
  name: 'Partner Ünïcode "quoted"',
  kind: 'integration',
  authenticationMethods: ['client_secret_basic', 'client_secret_post'],
  secrets: [{ id: 's1', hash: 'aGFzaA', createdAt: 1_800_000_000 }],
  grants: ['client_credentials'],
  keys: [],
  requiredScopes: [],
  audiences: [],
  dpopBoundAccessTokens: false,
  mayIntrospect: false,
  scopes: ['orders:read', 'market:id:*'],
  defaultScopes: [],
  claims: {},
  status: 'enabled',
  tokensValidAfter: 0,
  createdAt: 1_800_000_000,
  version: 1,
  ...more,
});

/** What every implementation of `ClientStore` does. */
export function clientStoreContract(implementation: string, makeStore: () => Promise<ClientStore>): void {
  describe(`client store: ${implementation}`, () => {
    test('gives back what was created, member by member', async () => {
      const store = await makeStore();
      const full = clientOf('full', {
        kind: 'sales_channel',
        account: 'MAG123456789',
        authenticationMethods: ['none'],
        secrets: [{ id: 's1', hash: 'aGFzaA', createdAt: 1, expiresAt: 2 }],
        tokenLifetime: 60,
        claims: { team: 'blue' },
        status: 'disabled',
        tokensValidAfter: 5,
      });
      for (const client of [clientOf('plain'), full]) {
        assert.equal(await store.create(client), true);
        assert.deepEqual(await store.find(client.id), client);
        assert.deepEqual(await store.findNow(client.id), client);
      }
    });

    test('finds nothing where there is nothing', async () => {
      const store = await makeStore();
      for (const id of ['nobody', '__proto__', 'account#x', '']) {
        assert.equal(await store.find(id), undefined);
        assert.equal(await store.findNow(id), undefined);
      }
      assert.deepEqual(await store.list(), []);
    });

    test('an id is taken once, whoever comes at the same time', async () => {
      const store = await makeStore();
      const attempts = Array.from({ length: 8 }, (_, i) => store.create(clientOf('same', { name: `n${i}` })));
      const created = await Promise.all(attempts);
      assert.equal(created.filter(Boolean).length, 1);
      const winner = await store.findNow('same');
      assert.equal(winner?.name, `n${created.indexOf(true)}`);
    });

    test('of two that replace the same version, one wins', async () => {
      const store = await makeStore();
      const client = clientOf('raced');
      await store.create(client);
      const replaced = await Promise.all(
        ['a', 'b', 'c', 'd'].map((name) => store.replace({ ...client, name })),
      );
      assert.equal(replaced.filter(Boolean).length, 1);
      const now = await store.findNow('raced');
      assert.equal(now?.version, 2);
      assert.equal(await store.replace(client), false, 'the old version is no longer there');
      assert.ok(now && (await store.replace(now)));
      assert.equal((await store.findNow('raced'))?.version, 3);
    });

    test('replaces nothing that is not there', async () => {
      const store = await makeStore();
      assert.equal(await store.replace(clientOf('ghost')), false);
      assert.equal(await store.findNow('ghost'), undefined);
    });

    test('deletes once', async () => {
      const store = await makeStore();
      await store.create(clientOf('gone'));
      assert.equal(await store.delete('gone'), true);
      assert.equal(await store.findNow('gone'), undefined);
      assert.equal(await store.delete('gone'), false);
    });

    test('lists all in the order of their ids', async () => {
      const store = await makeStore();
      const ids = Array.from({ length: 30 }, (_, i) => `c${String(i).padStart(2, '0')}`);
      for (const id of ids.toReversed()) await store.create(clientOf(id));
      assert.deepEqual(
        (await store.list()).map(({ id }) => id),
        ids,
      );
    });
  });
}
