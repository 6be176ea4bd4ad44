import { randomBytes } from 'node:crypto';
import * as v from 'valibot';

/** NumericDate: seconds since the epoch (RFC 7519 §2). */
const numericDate = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Characters of the longest `client_id` that can be registered. */
export const maximumClientIdLength = 128;

export const clientKinds = ['integration', 'sales_channel'] as const;
export type ClientKind = (typeof clientKinds)[number];

/**
 * Client authentication methods, by their names in the registry that RFC 7591 §4.2 established. `private_key_jwt` is
 * from OpenID Connect Core 1.0 §9.
 */
export const authenticationMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;
export type AuthenticationMethod = (typeof authenticationMethods)[number];

export const clientCredentialsGrantType = 'client_credentials';
/** RFC 7523 §2.1 */
export const jwtBearerGrantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** RFC 8693 §2.1 */
export const tokenExchangeGrantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** The grant of session keys. The token endpoint of OAuth does not have it. */
export const sessionGrantType = 'session';

/** `grant_type` values of the token endpoint. */
export const grantTypes = [clientCredentialsGrantType, jwtBearerGrantType, tokenExchangeGrantType] as const;

/** JWS algorithms that a client may sign its assertions and DPoP proofs with: asymmetric ones only. */
export const assertionAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
export type AssertionAlgorithm = (typeof assertionAlgorithms)[number];

/** `Ed25519` is the fully specified name of `EdDSA` with the only curve that is supported here (RFC 9864 §2.2). */
export const isSameAlgorithm = (one: string | undefined, other: AssertionAlgorithm): boolean =>
  one === other || (one === 'Ed25519' && other === 'EdDSA') || (one === 'EdDSA' && other === 'Ed25519');

/** The number of keys that a client may have: its record must stay under 4 KB. */
export const maximumClientKeys = 4;

export const ClientSecret = v.object({
  /** Names the secret in listings and when it is revoked. It reveals nothing about the secret. */
  id: v.string(),
  /** Keyed hash of the secret, base64url: `hashClientSecret`. */
  hash: v.string(),
  createdAt: numericDate,
  /** From this time on the secret is refused. A secret without it is valid until it is revoked. */
  expiresAt: v.exactOptional(numericDate),
});
export type ClientSecret = v.InferOutput<typeof ClientSecret>;

/** A public key of a client (RFC 7517 §4). It verifies assertions with one of its algorithms, and no others. */
export const ClientKey = v.object({
  kty: v.picklist(['RSA', 'EC', 'OKP']),
  /** Names the key: the partner's own `kid`, or else its thumbprint (RFC 7638). */
  kid: v.string(),
  /** An assertion must state a `kid` that is the partner's own. Any other is only a hint (RFC 7515 §4.1.4). */
  kidSource: v.picklist(['partner', 'thumbprint']),
  algorithms: v.pipe(v.array(v.picklist(assertionAlgorithms)), v.minLength(1)),
  n: v.exactOptional(v.string()),
  e: v.exactOptional(v.string()),
  crv: v.exactOptional(v.string()),
  x: v.exactOptional(v.string()),
  y: v.exactOptional(v.string()),
});
export type ClientKey = v.InferOutput<typeof ClientKey>;

/** A registered client (RFC 6749 §2): one program of one partner, in one stage. */
export const Client = v.object({
  /** The `client_id`. The application id of a session key. */
  id: v.string(),
  /** What operators and the partner call it. */
  name: v.string(),
  kind: v.picklist(clientKinds),
  /** The account (`mage_id`) that a session key belongs to. */
  account: v.exactOptional(v.string()),
  authenticationMethods: v.array(v.picklist(authenticationMethods)),
  /** At most two are valid at a time, so that a secret can be replaced without an interruption. */
  secrets: v.array(ClientSecret),
  /** Public keys that verify its assertions (RFC 7523). */
  keys: v.optional(v.array(ClientKey), []),
  /** `grant_type` values that it may use. */
  grants: v.array(v.string()),
  /** Patterns of the scopes that it may request: `scopePatternMatches`. */
  scopes: v.array(v.string()),
  /** The scopes that it gets when it requests none. */
  defaultScopes: v.array(v.string()),
  /** Patterns, each of which at least one of its granted scopes must match, such as `market:*`. */
  requiredScopes: v.optional(v.array(v.string()), []),
  /** Patterns of the subjects that it may act for, besides itself (RFC 7523 §2.1): `scopePatternMatches`. */
  subjects: v.optional(v.array(v.string()), []),
  /** Audiences that it may request tokens for, besides the stage's own (RFC 8707). */
  audiences: v.optional(v.array(v.string()), []),
  /** Origins of the web pages that may use it in a browser (RFC 6454 §6.2). Without any, every page may. */
  allowedOrigins: v.optional(v.array(v.string()), []),
  /** Whether its tokens must be bound to a key that it holds (RFC 9449 §5.2). */
  dpopBoundAccessTokens: v.optional(v.boolean(), false),
  /** Whether it is held to the FAPI 2.0 Security Profile: see `fapi.ts`. */
  fapi: v.optional(v.boolean(), false),
  /** Whether it may use the introspection endpoint (RFC 7662 §2.1). */
  mayIntrospect: v.optional(v.boolean(), false),
  /** Lifetime of its tokens in seconds, where it differs from the stage's lifetime for its kind. */
  tokenLifetime: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Claims that are added to each of its access tokens. */
  claims: v.record(v.string(), v.string()),
  status: v.picklist(['enabled', 'disabled']),
  /**
   * Each of its tokens names the generation that it was issued in, and is valid in that generation only. A new value
   * revokes them all. A record without it was written before there were generations.
   */
  tokenGeneration: v.optional(v.string(), ''),
  createdAt: numericDate,
  /** Increases by one with each write, for optimistic concurrency between operators. */
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
export type Client = v.InferOutput<typeof Client>;

/** Whether `pattern` matches a scope token: exactly, or as a prefix if it ends in `*`, such as `market:id:*`. */
export function scopePatternMatches(pattern: string, token: string): boolean {
  if (!pattern.endsWith('*')) return pattern === token;
  const prefix = pattern.slice(0, -1);
  return token.length > prefix.length && token.startsWith(prefix);
}

/** Whether a string may be the `sub` of a token: one line, which is stated in tokens and in logs. */
export const isPrintableSubject = (subject: string): boolean =>
  /^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u.test(subject);

/** A new `tokenGeneration`: 64 random bits, so that no client has one twice, even if it is deleted and created again. */
export const newTokenGeneration = (): string => randomBytes(8).toString('base64url');
