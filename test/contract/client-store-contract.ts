import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import type { DeletedSessionKey } from '../../src/clients/client-record.ts';
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
  subjects: [],
  audiences: [],
  allowedOrigins: [],
  dpopBoundAccessTokens: false,
  fapi: false,
  mayIntrospect: false,
  scopes: ['orders:read', 'market:id:*'],
  defaultScopes: [],
  claims: {},
  status: 'enabled',
  tokenGeneration: 'g1',
  createdAt: 1_800_000_000,
  version: 1,
  ...more,
});

const remainsOfKey: DeletedSessionKey = {
  id: 'AQ1',
  account: 'MAG1',
  status: 'deleted',
  tokenGeneration: 'g',
  expiresAt: 1_800_007_200,
};

/** What every implementation of `ClientStore` does. */
export function clientStoreContract(implementation: string, makeStore: () => Promise<ClientStore>): void {
  describe(`client store: ${implementation}`, () => {
    const full = clientOf('full', {
      kind: 'sales_channel',
      account: 'MAG123456789',
      authenticationMethods: ['none'],
      secrets: [{ id: 's1', hash: 'aGFzaA', createdAt: 1, expiresAt: 2 }],
      subjects: ['customer-*'],
      tokenLifetime: 60,
      claims: { team: 'blue' },
      status: 'disabled',
      tokenGeneration: 'g2',
    });

    test.each([
      ['required members only', clientOf('plain')],
      ['optional members', full],
    ])('creates and finds a client with %s', async (_name, client) => {
      const store = await makeStore();

      expect(await store.create(client)).toBe(true);
      expect(await store.findNow(client.id)).toStrictEqual(client);
    });

    test.each(['nobody', '__proto__', 'account#x', ''])(
      'finds no client with the unknown id %j',
      async (id) => {
        const store = await makeStore();

        expect(await store.findNow(id)).toBeUndefined();

        expect(await store.list()).toStrictEqual([]);
      },
    );

    test('creates one client of an id, even concurrently', async () => {
      const store = await makeStore();
      const attempts = Array.from({ length: 8 }, (_, i) => store.create(clientOf('same', { name: `n${i}` })));
      const created = await Promise.all(attempts);
      expect(created.filter(Boolean).length).toBe(1);
      const winner = await store.findNow('same');
      expect(winner?.name).toBe(`n${created.indexOf(true)}`);
    });

    test('replaces a version of a client once, even concurrently', async () => {
      const store = await makeStore();
      const client = clientOf('raced');
      await store.create(client);
      const replaced = await Promise.all(
        ['a', 'b', 'c', 'd'].map((name) => store.replace({ ...client, name })),
      );
      expect(replaced.filter(Boolean).length).toBe(1);
      const now = await store.findNow('raced');
      expect(now?.version).toBe(2);
      // The old version is no longer there.
      expect(await store.replace(client)).toBe(false);
      assert.ok(now);
      expect(await store.replace(now)).toBe(true);
      expect((await store.findNow('raced'))?.version).toBe(3);
    });

    test('does not replace an unknown client', async () => {
      const store = await makeStore();
      expect(await store.replace(clientOf('ghost'))).toBe(false);
      expect(await store.findNow('ghost')).toBeUndefined();
    });

    test('deletes a client once', async () => {
      const store = await makeStore();
      const client = clientOf('gone');
      await store.create(client);
      expect(await store.delete(client)).toBe(true);
      expect(await store.findNow('gone')).toBeUndefined();
      expect(await store.delete(client)).toBe(false);
    });

    test.each([
      ['nothing', undefined],
      ['what remains of a session key', remainsOfKey],
    ])('does not delete an older version of a client, to leave %s', async (_what, remains) => {
      const store = await makeStore();
      const client = clientOf('AQ1', { account: 'MAG1' });
      await store.create(client);
      await store.replace({ ...client, status: 'disabled' });
      expect(await store.delete(client, remains)).toBe(false);
      expect((await store.findNow('AQ1'))?.status).toBe('disabled');
    });

    describe('what remains of a deleted session key', () => {
      const deleted = async () => {
        const store = await makeStore();
        const client = clientOf('AQ1', { account: 'MAG1' });
        await store.create(client);
        expect(await store.delete(client, remainsOfKey)).toBe(true);
        return { store, client };
      };

      test('is no client', async () => {
        const { store, client } = await deleted();
        expect(await store.findNow('AQ1')).toBeUndefined();
        expect(await store.list()).toStrictEqual([]);
        expect(await store.replace(client)).toBe(false);
        expect(await store.delete(client)).toBe(false);
      });

      test('is replaced by a new client of the id', async () => {
        const { store, client } = await deleted();
        expect(await store.create(client)).toBe(true);
        expect(await store.findNow('AQ1')).toStrictEqual(client);
        expect(await store.deleteRemains('AQ1')).toBe(false);
        expect(await store.findNow('AQ1')).toStrictEqual(client);
      });

      test.each([undefined, 'MAG1'])('is deleted once, for the account %s', async (account) => {
        const { store } = await deleted();
        expect(await store.deleteRemains('AQ1', account)).toBe(true);
        expect(await store.deleteRemains('AQ1', account)).toBe(false);
      });

      test('is not deleted for another account', async () => {
        const { store } = await deleted();
        expect(await store.deleteRemains('AQ1', 'MAG2')).toBe(false);
        expect(await store.deleteRemains('AQ1', 'MAG1')).toBe(true);
      });
    });

    test('lists all clients in the order of their ids', async () => {
      const store = await makeStore();
      const ids = Array.from({ length: 30 }, (_, i) => `c${String(i).padStart(2, '0')}`);
      for (const id of ids.toReversed()) await store.create(clientOf(id));
      expect((await store.list()).map(({ id }) => id)).toStrictEqual(ids);
    });
  });
}
