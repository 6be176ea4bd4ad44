import type { SigningAlgorithmName } from '../src/keys/algorithms.ts';
import type { AccessTokenType } from '../src/oauth/access-token-verification.ts';
import type { DialectName } from '../src/oauth/dialect.ts';
import type { ClientAssertionPolicy, TokenPolicy } from '../src/oauth/stage-policies.ts';

/** Everything in which stages differ. To add a stage, add a record. */
export interface StageRecord {
  /** Construct id, which is the prefix of every stack name. It is a contract: a change of it replaces the stage. */
  readonly id: string;
  /** The name that operators type and functions log. */
  readonly name: string;
  /** JWS algorithm of access tokens. A change takes effect with the next rotation of the keys. */
  readonly signingAlgorithm: SigningAlgorithmName;
  /**
   * `typ` of access tokens: `at+jwt` (RFC 9068 §2.1), or `JWT` for clients and resource servers that demand it. A change
   * of it revokes the tokens that were issued before, because no stage accepts both.
   */
  readonly accessTokenType: AccessTokenType;
  /**
   * Whether the example API is behind API Gateway's own JWT authorizer instead of the Lambda authorizer. It costs
   * nothing, verifies only RS256 and RS512, and checks neither revocation nor DPoP: a revoked token is accepted until it
   * expires, and one that is bound to a key without a proof. Set it only if every published key is an RSA key.
   */
  readonly jwtAuthorizer: boolean;
  /** What partners' programs expect of the OAuth endpoints. Commerce Layer's clients need their own dialect. */
  readonly dialect: DialectName;
  /** Whether DPoP proofs must contain a nonce that the server has issued (RFC 9449 §8). */
  readonly dpopNonces: boolean;
  /** Days between two rotations of the signing keys. Each key signs for this long. */
  readonly rotationDays: number;
  /**
   * The scopes that the metadata lists for every partner to see (RFC 8414 §2), and nothing else: which ones a client may
   * request is registered with the client. Patterns are not scopes; an empty list publishes none.
   */
  readonly scopes: readonly string[];
  /**
   * Which web pages may call the stage from a browser: `*` for every origin, `https://*`, `http://*`, or origins such as
   * `https://shop.example.com`. Browsers send no cookies with these calls. Without any origin no page may.
   */
  readonly cors: { readonly origins: readonly string[] };
  /**
   * Whether API Gateway is told to restore `WWW-Authenticate` from a header of our own, in case that AWS renames the
   * challenges of functions. Nobody has seen yet what it does with this mapping: set it when you have.
   */
  readonly restoreChallenges: boolean;
  /**
   * The URL by which partners know the stage, if that is not the API's own: `iss`, the metadata, `aud` and the `htu` of
   * DPoP proofs follow it. A domain that is mapped to the API serves it, with the path as its base path.
   */
  readonly issuer?: string;
  /** `aud` of access tokens (RFC 9068 §2.2); the issuer if it is left out. */
  readonly audience?: string;
  /** Lifetimes and claims of tokens. */
  readonly tokens: TokenPolicy;
  /** What assertions that clients authenticate with must be like. */
  readonly clientAssertions: ClientAssertionPolicy;
  /** Throttle of each route of the stage: sustained requests per second, and the burst above that rate. */
  readonly throttle: { readonly rateLimit: number; readonly burstLimit: number };
  /**
   * Seconds for which API Gateway may cache a result of the Lambda authorizer. A token that was revoked, or whose
   * client was disabled, is accepted for as long. 0 calls the authorizer for every request.
   */
  readonly authorizerCacheSeconds: number;
  /** Days for which logs are kept: one of the values that CloudWatch Logs accepts. */
  readonly logRetentionDays: 7 | 30 | 90 | 365;
  /** Whether tables, keys and logs outlive the stack and are protected from deletion. */
  readonly retain: boolean;
}

/** What is wrong with the issuer of a stage; undefined if nothing is. */
export function issuerProblem(issuer: string): string | undefined {
  // RFC 8414 §2: https, without query and fragment. A slash at the end would be doubled in the URLs below it.
  return /^https:\/\/[a-z\d.-]+(?::\d+)?(?:\/[\w.~-]+)*$/.test(issuer) && URL.canParse(issuer)
    ? undefined
    : 'must be an https URL, its host in lower case, without a query and without a slash at the end, such as https://auth.example.com';
}

const twoHours = 7_200;
const fourHours = 14_400;

const sandbox: StageRecord = {
  id: 'Sandbox',
  name: 'sandbox',
  signingAlgorithm: 'RS256',
  accessTokenType: 'at+jwt',
  jwtAuthorizer: false,
  dialect: 'rfc6749',
  dpopNonces: false,
  rotationDays: 30,
  scopes: ['marketplace.order:read', 'marketplace.order:create', 'market:all'],
  tokens: {
    accessTokenLifetime: { integration: twoHours, sales_channel: fourHours },
    maximumAccessTokenLifetime: fourHours,
    sessionLifetime: { default: twoHours, maximum: twoHours },
    requiredAnyOf: { integration: [], sales_channel: [] },
    organization: { id: 'xYZkjABcde', slug: 'example-marketplace', enterprise: false, region: 'eu-west-1' },
    test: true,
  },
  cors: { origins: ['*'] },
  restoreChallenges: false,
  clientAssertions: { maximumLifetime: { default: 3_600, fapi: 300 }, tokenEndpointAudience: false },
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
 * A sandbox with Commerce Layer's dialect, for `npm start -- --commercelayer` and as an example. It is deployed only
 * if it is added to `stages`.
 */
export const commercelayer: StageRecord = {
  ...sandbox,
  id: 'Commercelayer',
  name: 'commercelayer',
  signingAlgorithm: 'RS512',
  accessTokenType: 'JWT',
  dialect: 'commercelayer',
  dpopNonces: true,
  scopes: ['market:all'],
  tokens: {
    ...sandbox.tokens,
    requiredAnyOf: { integration: [], sales_channel: ['market:*', 'store:*', 'stock_location:*'] },
    organization: { id: 'WXlEOFrjnr', slug: 'the-blue-brand', enterprise: true, region: 'eu-west-1' },
  },
};

/** The stages that are deployed. */
export const stages: readonly StageRecord[] = [sandbox, production];

/** Those that can run on a laptop. */
export const allStages: readonly StageRecord[] = [...stages, commercelayer];
