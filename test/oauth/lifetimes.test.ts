import { describe, expect, test } from '@jest/globals';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import { clientCredentials, now, partner, stage } from './partner.ts';

describe('lifetimes', () => {
  const cases: [string, Partial<ClientRegistration>, number][] = [
    ['an integration has that of its kind', {}, 7_200],
    ['a sales channel has that of its kind', { kind: 'sales_channel' }, 14_400],
    ['a client may have its own, shorter', { tokenLifetime: 60 }, 60],
    ['or longer', { tokenLifetime: 10_000 }, 10_000],
    ['up to the maximum of the stage', { tokenLifetime: 14_401 }, 14_400],
    ['whatever it was given', { tokenLifetime: Number.MAX_SAFE_INTEGER }, 14_400],
  ];
  for (const [name, registration, expected] of cases) {
    test(name, async () => {
      const { response, claims } = await (
        await partner(registration)
      ).issued({
        grant_type: clientCredentials,
        scope: 'orders:read',
      });
      expect(response.expires_in).toBe(expected);
      expect(claims.exp).toBe(now + expected);
    });
  }

  test('the maximum of the stage holds for its own lifetimes too', async () => {
    const { issuer } = stage.tokens;
    const policy = { ...issuer.policy, maximumAccessTokenLifetime: 300 };
    const context = { ...stage.tokens, issuer: { ...issuer, policy } };
    const { response } = await (
      await partner()
    ).issued({ grant_type: clientCredentials, scope: 'orders:read' }, { context });
    expect(response.expires_in).toBe(300);
  });
});
