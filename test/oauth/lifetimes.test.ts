import { describe, expect, test } from '@jest/globals';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import { clientCredentials, now, partner, stage } from './partner.ts';

const parameters = { grant_type: clientCredentials, scope: 'orders:read' };

describe('lifetime of an access token', () => {
  test.each<[string, Partial<ClientRegistration>, number]>([
    ['is that of an integration', {}, 7_200],
    ['is that of a sales channel', { kind: 'sales_channel' }, 14_400],
    ["is the client's own, if it is shorter", { tokenLifetime: 60 }, 60],
    ["is the client's own, if it is longer", { tokenLifetime: 10_000 }, 10_000],
    ['is at most the maximum of the stage', { tokenLifetime: 14_401 }, 14_400],
    [
      'is at most the maximum of the stage for the largest number',
      { tokenLifetime: Number.MAX_SAFE_INTEGER },
      14_400,
    ],
  ])('%s', async (_, registration, expected) => {
    const client = await partner(registration);
    const { response, claims } = await client.issued(parameters);
    expect(response.expires_in).toBe(expected);
    expect(claims.exp).toBe(now + expected);
  });

  test("is at most the maximum of the stage, even where the stage's default is longer", async () => {
    const policy = { ...stage.policy, maximumAccessTokenLifetime: 300 };
    const context = { ...stage.tokens, policy };
    const client = await partner();
    const { response } = await client.issued(parameters, { context });
    expect(response.expires_in).toBe(300);
  });
});
