import type { SigningAlgorithmName } from '../src/keys/algorithms.ts';
import type { AccessTokenType } from '../src/oauth/access-token-verification.ts';
import type { DialectName } from '../src/oauth/dialect.ts';
import type { ClientAssertionPolicy, TokenPolicy } from '../src/oauth/stage-policies.ts';
import type { MonitoringThresholds } from './constructs/monitoring-thresholds.ts';

/** Everything in which stages differ. To add a stage, add a record. */
export interface StageRecord {
  /**
   * Construct id, which is the prefix of every stack name. It is a contract: a change of it replaces the stage. A second
   * installation in one account needs another prefix than `Postern`.
   */
  readonly id: string;
  /** The name that operators type and functions log. */
  readonly name: string;
  /**
   * Account and region that the stage is deployed into. A deployment with the credentials of another account is refused
   * before anything changes.
   * @default those of the credentials with which it is deployed
   */
  readonly env?: { readonly account: string; readonly region: string };
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
   * The public address of the stage: `iss`, the metadata, `aud` and the `htu` of DPoP proofs follow it. It can be added
   * later, but a change of it changes the issuer: tokens that were issued before are refused.
   * @default the URL of the API
   */
  readonly domain?: StageDomain;
  /**
   * The URL by which partners know the stage, if something else than `domain` maps it to the API, with the path as its
   * base path. It is not set beside `domain`.
   * @default that of `domain`, or else the URL of the API
   */
  readonly issuer?: string;
  /** `aud` of access tokens (RFC 9068 §2.2); the issuer if it is left out. */
  readonly audience?: string;
  /** Lifetimes and claims of tokens. */
  readonly tokens: TokenPolicy;
  /** What assertions that clients authenticate with must be like. */
  readonly clientAssertions: ClientAssertionPolicy;
  /**
   * Throttles by groups of routes. API Gateway applies the limits of a group to each of its routes, and the account's own
   * limit to all APIs of the region: 10,000 requests per second, or 2,500 in smaller regions, whose burst is 1,250.
   */
  readonly throttles: Throttles;
  /**
   * Lambda's reserved concurrency: the environments that no other function of the account can take, and the most that the
   * function gets itself.
   * @default the account's unreserved concurrency, which all functions share
   */
  readonly reservedConcurrency?: ReservedConcurrency;
  /**
   * Seconds for which API Gateway may cache a result of the Lambda authorizer. A token that was revoked, or whose
   * client was disabled, is accepted for as long. 0 calls the authorizer for every request.
   */
  readonly authorizerCacheSeconds: number;
  /** Days for which logs are kept: one of the values that CloudWatch Logs accepts. */
  readonly logRetentionDays: 7 | 30 | 90 | 365;
  /**
   * Alarms, a dashboard, and the topic that gets the alarms. About 40 alarms cost $5 a month.
   * @default none
   */
  readonly monitoring?: StageMonitoringSettings;
  /**
   * Class of the log groups. `INFREQUENT_ACCESS` costs half, and has neither live tail nor metrics, so that it cannot be
   * set beside `monitoring`.
   * @default 'STANDARD'
   */
  readonly logClass?: 'STANDARD' | 'INFREQUENT_ACCESS';
  /** Whether tables, keys and logs outlive the stack, and the stacks are protected from deletion. */
  readonly retain: boolean;
  /** Whether the example API is deployed with the stage. */
  readonly exampleApi: boolean;
  /**
   * ARN of a KMS key of your own for tables, secrets and logs. Its policy must let the account's roles use it through
   * IAM, and CloudWatch Logs of the region encrypt with it. Of a deployed stage it encrypts only what is written later.
   * @default keys that AWS manages
   */
  readonly encryptionKeyArn?: string;
  /**
   * The network of the functions. It needs a way to DynamoDB and Secrets Manager: endpoints, or a NAT gateway.
   * @default none, in which functions reach both without leaving AWS
   */
  readonly vpc?: StageVpc;
  /**
   * Whether X-Ray traces the functions. Traces are paid for.
   * @default false
   */
  readonly tracing?: boolean;
  /**
   * Memory of each function in MB, to which Lambda makes its CPU proportional.
   * @default 512
   */
  readonly memorySize?: number;
  /**
   * ARN of the managed policy that bounds every role of the stage.
   * @default none
   */
  readonly permissionsBoundaryArn?: string;
  /**
   * Tags of every resource of the stage, besides `postern:stage`.
   * @default none
   */
  readonly tags?: Readonly<Record<string, string>>;
  /** Protection of the hash key, without which no client secret can be verified. */
  readonly hashKey?: HashKeyProtection;
}

/** A domain name of API Gateway. */
export interface StageDomain {
  /** Such as `auth.example.com`. */
  readonly name: string;
  /** ARN of its certificate in ACM, in the region of the stage. */
  readonly certificateArn: string;
  /**
   * The hosted zone of Route 53 that gets an alias record. Without one you create the record yourself, with the target
   * from the outputs of the stack: before a JWT authorizer is created, because API Gateway reads the metadata then.
   * @default no record is created
   */
  readonly hostedZone?: { readonly hostedZoneId: string; readonly zoneName: string };
  /**
   * Path below which the API is mapped, without slashes at its ends, such as `auth/v1`.
   * @default the root of the domain
   */
  readonly basePath?: string;
  /**
   * Whether the API's own URL is switched off, so that the domain is the only way in.
   * @default false
   */
  readonly disableExecuteApiEndpoint?: boolean;
}

/** Sustained requests per second of each route, and the burst above that rate. */
export interface Throttle {
  readonly rateLimit: number;
  readonly burstLimit: number;
}

/** Throttles by groups of routes. */
export interface Throttles {
  /** Every route that is in no other group, the API behind the stage among them. */
  readonly default: Throttle;
  /**
   * The token and session endpoints.
   * @default that of `default`
   */
  readonly token?: Throttle;
  /**
   * Metadata and published keys, which anyone may read.
   * @default that of `default`
   */
  readonly discovery?: Throttle;
}

export interface ReservedConcurrency {
  /** Environments of the token function. */
  readonly token?: number;
  /** Environments of every other function of the stage. */
  readonly others?: number;
}

export interface StageMonitoringSettings {
  /**
   * ARN of the SNS topic that gets the alarms. Its policy must let CloudWatch and EventBridge publish to it.
   * @default a topic of the stage, to which you subscribe: its ARN is the output `AlarmTopic`
   */
  readonly topicArn?: string;
  /** @default those of `MonitoringThresholds` */
  readonly thresholds?: MonitoringThresholds;
}

/** A network that exists. */
export interface StageVpc {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export interface HashKeyProtection {
  /**
   * Regions that hold a replica of the secret.
   * @default none
   */
  readonly replicaRegions?: readonly string[];
  /**
   * Whether a resource policy denies everyone the deletion of the secret. Remove the policy before the secret.
   * @default false
   */
  readonly denyDeletion?: boolean;
}

/** What is wrong with the issuer of a stage; undefined if nothing is. */
export function issuerProblem(issuer: string): string | undefined {
  // RFC 8414 §2: https, without query and fragment. A slash at the end would be doubled in the URLs below it.
  return /^https:\/\/[a-z\d.-]+(?::\d+)?(?:\/[\w.~-]+)*$/.test(issuer) && URL.canParse(issuer)
    ? undefined
    : 'must be an https URL, its host in lower case, without a query and without a slash at the end, such as https://auth.example.com';
}

/** The issuer that a record states, by its domain or itself; undefined if it is the URL of the API. Throws if it is invalid. */
export function configuredIssuer({
  name,
  domain,
  issuer,
}: Pick<StageRecord, 'name' | 'domain' | 'issuer'>): string | undefined {
  if (domain && issuer !== undefined) throw new Error(`${name}: the issuer follows the domain: leave it out`);
  const url = domain ? urlOfDomain(domain) : issuer;
  const problem = url === undefined ? undefined : issuerProblem(url);
  if (problem === undefined) return url;
  throw new Error(`${name}: the ${domain ? `domain gives the issuer ${url}, which` : 'issuer'} ${problem}`);
}

const urlOfDomain = ({ name, basePath }: StageDomain) =>
  `https://${name}${basePath === undefined ? '' : `/${basePath}`}`;

const twoHours = 7_200;
const fourHours = 14_400;

const sandbox: StageRecord = {
  id: 'Postern-Sandbox',
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
  throttles: { default: { rateLimit: 50, burstLimit: 100 } },
  authorizerCacheSeconds: 0,
  logRetentionDays: 30,
  retain: false,
  exampleApi: true,
};

const production: StageRecord = {
  ...sandbox,
  id: 'Postern-Production',
  name: 'production',
  tokens: { ...sandbox.tokens, test: false },
  // Below the limits of an account in a smaller region, so that no route can use up all of them.
  throttles: { default: { rateLimit: 1_000, burstLimit: 1_000 } },
  logRetentionDays: 365,
  retain: true,
  exampleApi: false,
  monitoring: {},
};

/**
 * A sandbox with Commerce Layer's dialect, for `npm start -- --commercelayer` and as an example. It is deployed only
 * if it is added to `stages`.
 */
export const commercelayer: StageRecord = {
  ...sandbox,
  id: 'Postern-Commercelayer',
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
