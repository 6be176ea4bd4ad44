import { describe, expect, test } from '@jest/globals';
import type { ClientKind } from '../../src/clients/client.ts';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import type { TokenCapabilities } from '../../src/oauth/token-request.ts';
import { jwtBy, partnerKey } from './client-keys.ts';
import {
  accessTokenType,
  claimsName,
  clientCredentials,
  jwtBearer,
  now,
  partner,
  stage,
  tokenExchange,
} from './partner.ts';

const scopes = ['market:id:*', 'orders:read'];
const request = (scope?: string): TokenParameters => ({
  grant_type: clientCredentials,
  ...(scope !== undefined && { scope }),
});

describe('required scopes of a client', () => {
  const requiredScopes = ['market:*', 'orders:read'];

  test('issues a token if each pattern matches a scope', async () => {
    const client = await partner({ scopes, requiredScopes });
    const { response } = await client.issued(request('orders:read market:id:a'));
    expect(response.scope).toBe('orders:read market:id:a');
  });

  test.each(['orders:read', 'market:id:a'])(
    'refuses %s alone with invalid_scope, since one pattern matches nothing',
    async (scope) => {
      const client = await partner({ scopes, requiredScopes });
      expect((await client.refused(request(scope))).code).toBe('invalid_scope');
    },
  );

  test('refuses default scopes that do not satisfy them with invalid_scope', async () => {
    const client = await partner({ scopes, defaultScopes: ['orders:read'], requiredScopes: ['market:*'] });
    expect((await client.refused(request())).code).toBe('invalid_scope');
  });
});

describe('required scopes of a stage', () => {
  /** A stage that requires a market of one kind of client. */
  const requiring = (kind: ClientKind): TokenCapabilities => {
    const requiredAnyOf = { integration: [], sales_channel: [], [kind]: ['market:*', 'store:*'] };
    return { ...stage.tokens, policy: { ...stage.policy, requiredAnyOf } };
  };

  test('refuses a client of the kind they are for with invalid_scope', async () => {
    const channel = await partner({ kind: 'sales_channel', scopes });
    const context = requiring('sales_channel');
    expect((await channel.refused(request('orders:read'), { context })).code).toBe('invalid_scope');
  });

  test.each(['market:id:a', 'store:id:a', 'orders:read store:id:a'])(
    'issues a token for %s, which one of the patterns matches',
    async (scope) => {
      const channel = await partner({ kind: 'sales_channel', scopes: [...scopes, 'store:*'] });
      const { response } = await channel.issued(request(scope), { context: requiring('sales_channel') });
      expect(response.scope).toBe(scope);
    },
  );

  test('and those of a client must both be satisfied', async () => {
    const channel = await partner({
      kind: 'sales_channel',
      scopes: [...scopes, 'store:*'],
      requiredScopes: ['orders:read'],
    });
    const context = requiring('sales_channel');
    expect((await channel.refused(request('store:id:a'), { context })).code).toBe('invalid_scope');
    expect((await channel.refused(request('orders:read'), { context })).code).toBe('invalid_scope');
    await channel.issued(request('orders:read store:id:a'), { context });
  });

  test.each<[string, ClientKind, ClientKind, string]>([
    [
      'a sales channel with a market where sales channels need one',
      'sales_channel',
      'sales_channel',
      'market:id:a orders:read',
    ],
    [
      'an integration without a market where sales channels need one',
      'integration',
      'sales_channel',
      'orders:read',
    ],
    [
      'a sales channel without a market where integrations need one',
      'sales_channel',
      'integration',
      'orders:read',
    ],
  ])('issues a token to %s', async (_, kind, required, scope) => {
    const client = await partner({ kind, scopes });
    const { response } = await client.issued(request(scope), { context: requiring(required) });
    expect(response.scope).toBe(scope);
  });
});

describe('required scopes of other grants', () => {
  const registered = async () => {
    const key = await partnerKey();
    const client = await partner({
      scopes,
      grants: [clientCredentials, jwtBearer, tokenExchange],
      keys: [key.publicKey],
      requiredScopes: ['market:*'],
    });
    const assertion = await jwtBy(key, { iat: now, [claimsName]: { owner: { type: 'Customer', id: '1' } } });
    const { response } = await client.issued(request('market:id:a orders:read'));
    return {
      client,
      bearer: { grant_type: jwtBearer, assertion },
      exchange: {
        grant_type: tokenExchange,
        subject_token: response.access_token,
        subject_token_type: accessTokenType,
      },
    };
  };

  test.each(['bearer', 'exchange'] as const)(
    'refuses orders:read alone with invalid_scope: %s',
    async (grant) => {
      const { client, [grant]: parameters } = await registered();
      expect((await client.refused({ ...parameters, scope: 'orders:read' })).code).toBe('invalid_scope');
    },
  );

  test.each(['bearer', 'exchange'] as const)('issues a token with a market: %s', async (grant) => {
    const { client, [grant]: parameters } = await registered();
    const { response } = await client.issued({ ...parameters, scope: 'market:id:a' });
    expect(response.scope).toBe('market:id:a');
  });
});
