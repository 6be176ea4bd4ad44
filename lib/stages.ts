import type { SigningAlgorithmName } from '../src/keys/algorithms.ts';
import type { TokenPolicy } from '../src/oauth/token-policy.ts';

/** Everything that differs from one stage to another. Adding a stage is adding a record. */
export interface StageRecord {
  /** Construct id, and with it the prefix of every stack name. A contract: changing it replaces the stage. */
  readonly id: string;
  /** Name that operators type and functions log. */
  readonly name: string;
  /** JWS algorithm of access tokens. A change takes effect with the next rotation of the keys. */
  readonly signingAlgorithm: SigningAlgorithmName;
  /**
   * Whether routes that take JWTs alone are behind API Gateway's own JWT authorizer. It costs nothing, verifies
   * RS256 and RS512 alone, and knows nothing of revocation and DPoP. Turn it on only when every key that is
   * published is an RSA key.
   */
  readonly jwtAuthorizer: boolean;
  /** How errors of the OAuth endpoints look. Commerce Layer's breaks standard OAuth clients. */
  readonly dialect: 'rfc6749' | 'commercelayer';
  /** Whether DPoP proofs must have a nonce of the server's (RFC 9449 §8). */
  readonly dpopNonces: boolean;
  /** Days from one rotation of the signing keys to the next. A key signs for this long. */
  readonly rotationDays: number;
  /** `aud` of access tokens (RFC 9068 §2.2); the stage's own URL where it is left out. */
  readonly audience?: string;
  /** Lifetimes and claims of tokens. */
  readonly tokens: TokenPolicy;
  /** Throttle of the whole stage, on every route: steady requests a second, and the burst above it. */
  readonly throttle: { readonly rateLimit: number; readonly burstLimit: number };
  /**
   * Seconds for which API Gateway may reuse an answer of the Lambda authorizer. A token that was revoked, or
   * whose client was disabled, lives on for as long; 0 asks at every call.
   */
  readonly authorizerCacheSeconds: number;
  /** Days that logs are kept: one of the values that CloudWatch Logs takes. */
  readonly logRetentionDays: 7 | 30 | 90 | 365;
  /** Tables, keys and logs outlive the stack and cannot be deleted by accident. */
  readonly retain: boolean;
}

const twoHours = 7_200;
const fourHours = 14_400;

const sandbox: StageRecord = {
  id: 'Sandbox',
  name: 'sandbox',
  signingAlgorithm: 'RS256',
  jwtAuthorizer: true,
  dialect: 'rfc6749',
  dpopNonces: false,
  rotationDays: 30,
  tokens: {
    accessTokenLifetime: { integration: twoHours, sales_channel: fourHours },
    maximumAccessTokenLifetime: fourHours,
    sessionLifetime: { default: twoHours, maximum: twoHours },
    requiredScopes: { integration: [], sales_channel: [] },
    organization: { id: 'xYZkjABcde', slug: 'example-marketplace', enterprise: false, region: 'eu-west-1' },
    test: true,
  },
  throttle: { rateLimit: 50, burstLimit: 100 },
  authorizerCacheSeconds: 0,
  logRetentionDays: 30,
  retain: false,
};

const production: StageRecord = {
  ...sandbox,
  id: 'Production',
  name: 'production',
  tokens: { ...sandbox.tokens, test: false },
  throttle: { rateLimit: 1_000, burstLimit: 2_000 },
  logRetentionDays: 365,
  retain: true,
};

/**
 * A sandbox that speaks Commerce Layer's dialect, for `npm start -- --commercelayer` and as a model. It is not
 * deployed unless it is added to `stages`.
 */
export const commercelayer: StageRecord = {
  ...sandbox,
  id: 'Commercelayer',
  name: 'commercelayer',
  signingAlgorithm: 'RS512',
  dialect: 'commercelayer',
  dpopNonces: true,
  tokens: {
    ...sandbox.tokens,
    requiredScopes: { integration: [], sales_channel: ['market:*'] },
    organization: { id: 'WXlEOFrjnr', slug: 'the-blue-brand', enterprise: true, region: 'eu-west-1' },
  },
};

export const stages: readonly StageRecord[] = [sandbox, production];
