import { createLocalJWKSet } from 'jose';
import { registerAccount } from '../../src/clients/account-registration.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import type { RegisteredClient } from '../../src/clients/client-registration.ts';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import { hourlySecretUse } from '../../src/clients/secret-use.ts';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { jwtSigner } from '../../src/keys/sign-jwt.ts';
import { generateSigningKey } from '../../src/keys/signing-key.ts';
import type { Log, LogFields } from '../../src/log.ts';
import { accessTokens } from '../../src/oauth/access-token-verification.ts';
import type { AccessTokenType } from '../../src/oauth/access-token-verification.ts';
import { clientAuthentication } from '../../src/oauth/client-authentication.ts';
import type { ClientAuthenticationOptions } from '../../src/oauth/client-authentication.ts';
import { dialects } from '../../src/oauth/dialect.ts';
import type { DialectName } from '../../src/oauth/dialect.ts';
import { dpopVerification } from '../../src/oauth/dpop.ts';
import type { TokenPolicy } from '../../src/oauth/stage-policies.ts';
import type { TokenCapabilities } from '../../src/oauth/token-request.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { sessionTokens } from '../../src/sessions/session-verification.ts';
import { memoryAccountStore } from '../memory/account-store.ts';
import { memoryClientStore } from '../memory/client-store.ts';
import { memoryReplayStore } from '../memory/replay-store.ts';
import { memoryRevocationStore } from '../memory/revocation-store.ts';
import { memorySecretUseStore } from '../memory/secret-use-store.ts';
import { memorySessionOriginReader } from '../memory/session-origin-reader.ts';
import { memorySessionStore } from '../memory/session-store.ts';
import { memorySubjectStore } from '../memory/subject-store.ts';

const policy: TokenPolicy = {
  accessTokenLifetime: { integration: 7_200, sales_channel: 14_400 },
  maximumAccessTokenLifetime: 14_400,
  requiredAnyOf: { integration: [], sales_channel: [] },
  sessionLifetime: { default: 7_200, maximum: 7_200 },
  organization: { id: 'org', slug: 'acme', enterprise: false, region: 'eu-west-1' },
  test: true,
};

interface MemoryStageOptions {
  readonly accessTokenType?: AccessTokenType;
  readonly dialect?: DialectName;
}

/** A stage in memory, with a clock that only the test moves. */
export async function memoryStage(
  name = 'sandbox',
  algorithm: SigningAlgorithmName = 'ES256',
  { accessTokenType = 'at+jwt', dialect: dialectName = 'rfc6749' }: MemoryStageOptions = {},
) {
  const dialect = dialects[dialectName];
  const time = { now: 1_800_000_000 };
  const clock = () => time.now;
  const logged: LogFields[] = [];
  const log: Log = (_level, fields) => void logged.push(fields);
  const hashKeys = deriveHashKeys(`hash key of ${name}`);
  const signingKey = await generateSigningKey(algorithm);
  const issuer = `https://${name}.example.com`;
  const clients = memoryClientStore();
  const sessions = memorySessionStore();
  const replays = memoryReplayStore();
  const revocations = memoryRevocationStore(clients, sessions, () => [signingKey.kid]);
  const uses = memorySecretUseStore();
  const secretHashKey = async () => hashKeys.clientSecret;
  const tagKey = async () => hashKeys.sessionToken;
  const nonceKey = async () => hashKeys.dpopNonce;
  const sign = jwtSigner(signingKey, accessTokenType);
  const { d: _, ...publicKey } = signingKey;

  const accounts = memoryAccountStore();
  const registry = {
    clients,
    accounts,
    subjects: memorySubjectStore(),
    secretHashKey,
    clock,
    unsignedAssertions: dialect.unsignedAssertions,
  };
  const authentication: ClientAuthenticationOptions = {
    clients,
    secretHashKey,
    replays,
    recordSecretUse: hourlySecretUse(uses, clock, log),
    issuer,
    clientAssertions: { maximumLifetime: { default: 3_600, fapi: 300 }, tokenEndpointAudience: false },
    clock,
  };
  const origins = memorySessionOriginReader(clients, accounts);
  const sessionVerification = { sessions, origins, tagKey, clock };
  const accessTokenVerification = {
    issuer,
    accessTokenType,
    revocationStates: revocations,
    verificationKey: createLocalJWKSet({ keys: [publicKey] }),
    clock,
  };
  const accessTokenKind = accessTokens(accessTokenVerification);
  const { verifyToken, recognizeToken } = tokenVerification([
    sessionTokens(sessionVerification),
    accessTokenKind,
  ]);
  const authenticateClient = clientAuthentication(authentication);
  const verifyDpopProof = dpopVerification({ replays, clock });
  return {
    accounts,
    time,
    clock,
    log,
    logged,
    issuer,
    clients,
    sessions,
    replays,
    revocations,
    uses,
    policy,
    signingKey,
    sign,
    secretHashKey,
    tagKey,
    nonceKey,
    registry,
    authentication,
    sessionVerification,
    accessTokenVerification,
    authenticateClient,
    verifyToken,
    recognizeToken,
    verifyDpopProof,
    tokens: {
      authenticateClient,
      verifyDpopProof,
      verifyToken: accessTokenKind.verify,
      issuer,
      audience: issuer,
      policy,
      dialect,
      findClient: clients.findNow,
      signer: async () => sign,
      replays,
      clock,
    } satisfies TokenCapabilities,
    sessionTokens: { authenticateClient, accounts, sessions, tagKey, policy, clock },
    revocation: { authenticateClient, recognizeToken, revoker: revocations, dialect },
    protectedCalls: { verifyToken, verifyDpopProof, audience: issuer },
    introspection: {
      authenticateClient,
      verifyToken,
      issuer,
      audience: issuer,
      introspectionSigner: async () => jwtSigner(signingKey, 'token-introspection+jwt'),
      clock,
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
        registry,
      );
      if (!registered.ok) throw new Error(registered.error.problem);
      return registered.value;
    },
    async account(mageId = 'MAG123456789'): Promise<string> {
      const account = await registerAccount(
        { firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com', mageId },
        registry,
      );
      if (!account.ok) throw new Error(account.error.problem);
      return account.value.mageId;
    },
  };
}

export const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
