import { createLocalJWKSet } from 'jose';
import { registerAccount } from '../../src/clients/account-registration.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import type { ClientRegistration, RegisteredClient } from '../../src/clients/client-registration.ts';
import { hourlySecretUse } from '../../src/clients/secret-use.ts';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { jwtSigner } from '../../src/keys/sign-jwt.ts';
import { generateSigningKey } from '../../src/keys/signing-key-set.ts';
import type { TokenPolicy } from '../../src/oauth/token-policy.ts';
import { verifyToken } from '../../src/oauth/token-verification.ts';
import { memoryAccountStore } from '../memory/account-store.ts';
import { memoryClientStore } from '../memory/client-store.ts';
import { memoryReplayStore } from '../memory/replay-store.ts';
import { memoryRevocationStore } from '../memory/revocation-store.ts';
import { memorySecretUseStore } from '../memory/secret-use-store.ts';
import { memorySessionStore } from '../memory/session-store.ts';

const policy: TokenPolicy = {
  accessTokenLifetime: { integration: 7_200, sales_channel: 14_400 },
  maximumAccessTokenLifetime: 14_400,
  requiredScopes: { integration: [], sales_channel: [] },
  sessionLifetime: { default: 7_200, maximum: 7_200 },
  organization: { id: 'org', slug: 'acme', enterprise: false, region: 'eu-west-1' },
  test: true,
};

/** A stage in memory, with a clock that only the test moves. */
export async function memoryStage(name = 'sandbox', algorithm: SigningAlgorithmName = 'ES256') {
  const time = { now: 1_800_000_000 };
  const clock = () => time.now;
  const hashKeys = deriveHashKeys(`hash key of ${name}`);
  const signingKey = await generateSigningKey(algorithm);
  const issuer = `https://${name}.example.com`;
  const clients = memoryClientStore();
  const sessions = memorySessionStore();
  const revocations = memoryRevocationStore(clients, sessions, () => [signingKey.kid]);
  const uses = memorySecretUseStore();
  const context = {
    clients,
    sessions,
    accounts: memoryAccountStore(),
    replays: memoryReplayStore(),
    noteSecretUse: hourlySecretUse(uses, clock),
    assertionAudiences: [issuer, `${issuer}/oauth/token`],
    secretKey: async () => hashKeys.clientSecret,
    tagKey: async () => hashKeys.sessionToken,
    policy,
    clock,
  };
  const sign = jwtSigner(signingKey, 'at+jwt');
  const { d: _, ...publicKey } = signingKey;
  const verification = {
    ...context,
    issuer,
    audience: issuer,
    jwtStates: revocations,
    revocations,
    verificationKey: createLocalJWKSet({ keys: [publicKey] }),
  };
  return {
    time,
    ...context,
    uses,
    issuer,
    signingKey,
    sign,
    verification,
    nonceKey: async () => hashKeys.dpopNonce,
    tokens: {
      ...context,
      issuer: { issuer, audience: issuer, policy },
      signer: async () => sign,
      verifyToken: (token: string) => verifyToken(token, verification),
    },
    introspection: {
      ...verification,
      introspectionSigner: async () => jwtSigner(signingKey, 'token-introspection+jwt'),
    },
    async register(registration: Partial<ClientRegistration> = {}): Promise<RegisteredClient> {
      const registered = await registerClient(
        {
          name: 'Partner',
          kind: 'integration',
          scopes: registration.account === undefined ? ['orders:read', 'orders:create'] : [],
          defaultScopes: [],
          claims: {},
          ...registration,
        },
        context,
      );
      if (!registered.ok) throw new Error(registered.error.message);
      return registered.value;
    },
    async account(mageId = 'MAG123456789'): Promise<string> {
      const account = await registerAccount(
        { firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com', mageId },
        context,
      );
      if (!account.ok) throw new Error(account.error);
      return account.value.mageId;
    },
  };
}

export const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
