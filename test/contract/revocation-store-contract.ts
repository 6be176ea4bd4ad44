import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TokenRevoker } from '../../src/oauth/revocation.ts';
import type { JwtStateReader } from '../../src/oauth/token-verification.ts';
import type { ClientStore } from '../../src/storage/client-store.ts';
import type { SessionStore } from '../../src/storage/session-store.ts';
import { clientOf } from './client-store-contract.ts';

interface Stores {
  readonly clients: ClientStore;
  readonly sessions: SessionStore;
  readonly revoker: TokenRevoker;
  readonly states: JwtStateReader;
  readonly publish: (...keyIds: string[]) => Promise<void>;
}

/** What every implementation of `TokenRevoker` and `JwtStateReader` does. */
export function revocationStoreContract(implementation: string, makeStores: () => Promise<Stores>): void {
  describe(`revocation store: ${implementation}`, () => {
    test('of nothing there is no client, no revocation and no key', async () => {
      const { states } = await makeStores();
      assert.deepEqual(await states.find('c', 'j'), { client: undefined, revoked: false, keyIds: [] });
    });

    test('tells the client as it is now, the keys that are published now, and what was revoked', async () => {
      const { clients, revoker, states, publish } = await makeStores();
      const client = clientOf('c');
      await clients.create(client);
      await publish('k1', 'k2');
      assert.deepEqual(await states.find('c', 'j'), { client, revoked: false, keyIds: ['k1', 'k2'] });
      await revoker.revokeJwt('j', 100);
      await revoker.revokeJwt('j', 100);
      await publish('k2');
      await clients.replace({ ...client, status: 'disabled' });
      const state = await states.find('c', 'j');
      assert.equal(state.revoked, true);
      assert.equal(state.client?.status, 'disabled');
      assert.deepEqual(state.keyIds, ['k2']);
      assert.equal((await states.find('c', 'other')).revoked, false);
    });

    test('a session that was ended is gone', async () => {
      const { sessions, revoker } = await makeStores();
      await sessions.put('hash', { clientId: 'c', account: 'MAG1', scope: '', issuedAt: 1, expiresAt: 2 });
      await revoker.endSession('hash');
      await revoker.endSession('hash');
      assert.equal(await sessions.find('hash'), undefined);
    });
  });
}
