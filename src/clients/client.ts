import * as v from 'valibot';

/** NumericDate: seconds since the epoch (RFC 7519 §2). */
const numericDate = v.pipe(v.number(), v.integer(), v.minValue(0));

export const clientKinds = ['integration', 'sales_channel'] as const;
export type ClientKind = (typeof clientKinds)[number];

/** `token_endpoint_auth_method` values of RFC 7591 §2 that a client may be registered for. */
export const authenticationMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;
export type AuthenticationMethod = (typeof authenticationMethods)[number];

/** JWS algorithms that a client may sign its assertions and proofs with: asymmetric ones alone. */
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
type AssertionAlgorithm = (typeof assertionAlgorithms)[number];

/** Ed25519 is the name of its own of what EdDSA is with that curve, the only one here (RFC 9864 §2.2). */
export const isSameAlgorithm = (one: string | undefined, other: AssertionAlgorithm): boolean =>
  one === other || (one === 'Ed25519' && other === 'EdDSA') || (one === 'EdDSA' && other === 'Ed25519');

export const ClientSecret = v.object({
  /** Names the secret in listings and when it is revoked; says nothing of it. */
  id: v.string(),
  /** Keyed hash of the secret, base64url: `hashClientSecret`. */
  hash: v.string(),
  createdAt: numericDate,
  /** After this the secret ends; without it it lives until it is revoked. */
  expiresAt: v.exactOptional(numericDate),
});
export type ClientSecret = v.InferOutput<typeof ClientSecret>;

/** A public key of a client (RFC 7517 §4), which signs its assertions with `alg` and nothing else. */
export const ClientKey = v.object({
  kty: v.picklist(['RSA', 'EC', 'OKP']),
  kid: v.string(),
  alg: v.picklist(assertionAlgorithms),
  n: v.exactOptional(v.string()),
  e: v.exactOptional(v.string()),
  crv: v.exactOptional(v.string()),
  x: v.exactOptional(v.string()),
  y: v.exactOptional(v.string()),
});
export type ClientKey = v.InferOutput<typeof ClientKey>;

/** A registered client (RFC 6749 §2): one program of one partner, in one stage. */
export const Client = v.object({
  /** The `client_id`; for a session key, its application id. */
  id: v.string(),
  /** What operators and the partner call it. */
  name: v.string(),
  kind: v.picklist(clientKinds),
  /** The account (`mage_id`) that a session key belongs to. */
  account: v.exactOptional(v.string()),
  authenticationMethods: v.array(v.picklist(authenticationMethods)),
  /** At most two live at a time, so that one can be replaced without a pause. */
  secrets: v.array(ClientSecret),
  /** Public keys that it signs assertions with (RFC 7523). */
  keys: v.optional(v.array(ClientKey), []),
  /** `grant_type` values that it may use. */
  grants: v.array(v.string()),
  /** Scopes that it may ask for: exact, or a prefix that ends in `*`, such as `market:id:*`. */
  scopes: v.array(v.string()),
  /** What it gets when it asks for no scope. */
  defaultScopes: v.array(v.string()),
  /** Patterns each of which a scope that it gets must have a match for, such as `market:*`. */
  requiredScopes: v.optional(v.array(v.string()), []),
  /** Audiences, besides the stage's own, that it may ask tokens for (RFC 8707). */
  audiences: v.optional(v.array(v.string()), []),
  /** Whether its tokens must be bound to a key of its own (RFC 9449 §5.2). */
  dpopBoundAccessTokens: v.optional(v.boolean(), false),
  /** Whether it may ask what a token stands for (RFC 7662 §2.1). */
  mayIntrospect: v.optional(v.boolean(), false),
  /** Seconds that its tokens live, where that is not what the stage gives to its kind. */
  tokenLifetime: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Claims that are added to each of its access tokens. */
  claims: v.record(v.string(), v.string()),
  status: v.picklist(['enabled', 'disabled']),
  /** Tokens issued at this second or before are void. */
  tokensValidAfter: numericDate,
  createdAt: numericDate,
  /** Goes up by one with each write: optimistic concurrency between operators. */
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
export type Client = v.InferOutput<typeof Client>;
