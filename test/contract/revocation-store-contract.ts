import { describe, expect, test } from '@jest/globals';
import type { ClientStore } from '../../src/clients/client-store.ts';
import type { RevocationStateReader } from '../../src/oauth/access-token-verification.ts';
import type { TokenRevoker } from '../../src/oauth/revocation.ts';
import { hashSessionToken } from '../../src/sessions/session-token.ts';
import type { SessionStore } from '../../src/sessions/session.ts';
import { clientOf } from './client-store-contract.ts';
import { sessionOf } from './session-store-contract.ts';

interface Stores {
  readonly clients: ClientStore;
  readonly sessions: SessionStore;
  readonly revoker: TokenRevoker;
  readonly states: RevocationStateReader;
  readonly publish: (...keyIds: string[]) => Promise<void>;
}

/** What every implementation of `TokenRevoker` and `RevocationStateReader` does. */
export function revocationStoreContract(implementation: string, makeStores: () => Promise<Stores>): void {
  describe(`revocation store: ${implementation}`, () => {
    test('finds no client, no revocation and no key in empty tables', async () => {
      const { states } = await makeStores();
      const { clients, revoked, keyIds } = await states.find([{ clientId: 'c', jti: 'j' }]);
      expect(clients.size).toBe(0);
      expect(revoked.has('j')).toBe(false);
      expect(keyIds).toStrictEqual([]);
    });

    test('finds the current clients, the published keys and the revoked tokens', async () => {
      const { clients, revoker, states, publish } = await makeStores();
      const [first, second] = [clientOf('c'), clientOf('d')];
      await clients.create(first);
      await clients.create(second);
      await publish('k1', 'k2');
      const tokens = [
        { clientId: 'c', jti: 'j' },
        { clientId: 'd', jti: 'i' },
        { clientId: 'c', jti: 'h' },
        { clientId: 'nobody', jti: 'g' },
      ];
      const before = await states.find(tokens);
      expect([...before.clients.keys()].toSorted()).toStrictEqual(['c', 'd']);
      expect(before.clients.get('c')).toStrictEqual(first);
      expect(before.keyIds).toStrictEqual(['k1', 'k2']);
      expect(before.revoked.has('j')).toBe(false);

      await revoker.revokeJwt('j', 100);
      await revoker.revokeJwt('j', 100);
      await publish('k2');
      await clients.replace({ ...first, status: 'disabled' });
      const state = await states.find(tokens);
      expect(tokens.map(({ jti }) => state.revoked.has(jti))).toStrictEqual([true, false, false, false]);
      expect(state.clients.get('c')?.status).toBe('disabled');
      expect(state.clients.get('d')?.status).toBe('enabled');
      expect(state.keyIds).toStrictEqual(['k2']);
    });

    test('deletes the session of a revoked session token, and accepts a repetition', async () => {
      const { sessions, revoker } = await makeStores();
      await sessions.put(hashSessionToken('token'), sessionOf(1));
      await revoker.deleteSession('token');
      await revoker.deleteSession('token');
      expect(await sessions.find(hashSessionToken('token'))).toBeUndefined();
    });
  });
}
