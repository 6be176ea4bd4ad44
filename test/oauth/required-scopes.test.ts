import assert from 'node:assert/strict';
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

describe('required scopes', () => {
  const scopes = ['market:id:*', 'orders:read'];
  const request = (scope?: string): TokenParameters => ({
    grant_type: clientCredentials,
    ...(scope !== undefined && { scope }),
  });
  /** A stage that demands a market of one kind of client. */
  const demanding = (kind: ClientKind): TokenCapabilities => {
    const { issuer } = stage.tokens;
    const requiredScopes = { integration: [], sales_channel: [], [kind]: ['market:*'] };
    return { ...stage.tokens, issuer: { ...issuer, policy: { ...issuer.policy, requiredScopes } } };
  };

  test('of a client: each pattern must have a match', async () => {
    const both = await partner({ scopes, requiredScopes: ['market:*', 'orders:read'] });
    await both.issued(request('orders:read market:id:a'));
    for (const scope of ['orders:read', 'market:id:a']) {
      assert.equal((await both.refused(request(scope))).code, 'invalid_scope', scope);
    }
  });

  test('default scopes are held to them too', async () => {
    const careless = await partner({
      scopes,
      defaultScopes: ['orders:read'],
      requiredScopes: ['market:*'],
    });
    expect((await careless.refused(request())).code).toBe('invalid_scope');
  });

  test('of the stage: for the kind that it names, and no other', async () => {
    const channel = await partner({ kind: 'sales_channel', scopes });
    const integration = await partner({ scopes });
    const context = demanding('sales_channel');
    expect((await channel.refused(request('orders:read'), { context })).code).toBe('invalid_scope');
    await channel.issued(request('market:id:a orders:read'), { context });
    await integration.issued(request('orders:read'), { context });
    await channel.issued(request('orders:read'), { context: demanding('integration') });
  });

  test('hold for jwt-bearer and token exchange as well', async () => {
    const key = await partnerKey();
    const its = await partner({
      scopes,
      grants: [clientCredentials, jwtBearer, tokenExchange],
      keys: [key.publicKey],
      requiredScopes: ['market:*'],
    });
    const assertion = await jwtBy(key, { iat: now, [claimsName]: { owner: { type: 'Customer', id: '1' } } });
    const bearer = { grant_type: jwtBearer, assertion, scope: 'orders:read' };
    expect((await its.refused(bearer)).code).toBe('invalid_scope');
    const { response } = await its.issued(request('market:id:a orders:read'));
    const exchange = {
      grant_type: tokenExchange,
      subject_token: response.access_token,
      subject_token_type: accessTokenType,
    };
    await its.issued({ ...exchange, scope: 'market:id:a' });
    expect((await its.refused({ ...exchange, scope: 'orders:read' })).code).toBe('invalid_scope');
  });
});
