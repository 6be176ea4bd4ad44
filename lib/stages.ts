import type { TokenPolicy } from '../src/oauth/token-policy.ts';

/** Everything that differs from one stage to another. Adding a stage is adding a record. */
export interface StageRecord {
  /** Construct id, and with it the prefix of every stack name. A contract: changing it replaces the stage. */
  readonly id: string;
  /** Name that operators type and functions log. */
  readonly name: string;
  /** JWS algorithm of access tokens. API Gateway's own JWT authorizer verifies RS256 and RS512 alone. */
  readonly signingAlgorithm: 'RS256' | 'ES256';
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
  rotationDays: 30,
  tokens: {
    accessTokenLifetime: { integration: twoHours, sales_channel: fourHours },
    sessionLifetime: { default: twoHours, maximum: twoHours },
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

export const stages: readonly StageRecord[] = [sandbox, production];
