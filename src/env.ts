/**
 * Every environment variable of a function. `lib/` sets them and `lambda/` reads them through this one type, so that a
 * name cannot be right on one side and wrong on the other.
 */
export interface Environment {
  /** Name of the stage: `sandbox`, `production`. */
  readonly STAGE: string;
  /** The stage's URL without a slash at the end: the `iss` of its tokens (RFC 8414 §2). */
  readonly ISSUER: string;
  /** The `aud` of its access tokens (RFC 9068 §2.2). */
  readonly AUDIENCE: string;
  /** DynamoDB table of the item kinds of `clients`. */
  readonly CLIENTS_TABLE: string;
  /** DynamoDB table of the item kinds of `sessions`. */
  readonly SESSIONS_TABLE: string;
  /** DynamoDB table of the example API's subscriptions. */
  readonly SUBSCRIPTIONS_TABLE: string;
  /** ARN of the Secrets Manager secret with the signing key set. */
  readonly SIGNING_KEYS_SECRET: string;
  /** ARN of the Secrets Manager secret that the hash keys are derived from. */
  readonly HASH_KEY_SECRET: string;
  /** `typ` of its access tokens: one of `accessTokenTypes`. */
  readonly ACCESS_TOKEN_TYPE: string;
  /** JWS algorithm that the stage signs with (RFC 7518 §3.1). */
  readonly SIGNING_ALGORITHM: string;
  /** JSON of the scopes that the metadata lists (RFC 8414 §2). */
  readonly SCOPES_SUPPORTED: string;
  /** JSON of a `TokenPolicy`. */
  readonly TOKEN_POLICY: string;
  /** JSON of a `ClientAssertionPolicy`. */
  readonly CLIENT_ASSERTIONS: string;
  /** JSON of a `Record<route key, scope | null>`: what the Lambda authorizer requires for each route, or any token. */
  readonly ROUTE_SCOPES: string;
  /** What partners' programs expect of the OAuth endpoints: a name of `dialects`. */
  readonly DIALECT: string;
  /** `true` if responses repeat their challenge in a header of our own. */
  readonly RESTORE_CHALLENGES: string;
  /** `true` if DPoP proofs must contain a nonce of the server (RFC 9449 §8). */
  readonly DPOP_NONCES: string;
  /** `true` if API Gateway caches results of the Lambda authorizer. */
  readonly AUTHORIZER_RESULTS_CACHED: string;
  /** Who responds to a denied caller: `gateway` or `integration`. */
  readonly DENIALS: string;
}

/**
 * Reads the named variables. Throws if one is missing: a function without its settings must fail when it starts, not at
 * its first request.
 */
export function readEnvironment<Name extends keyof Environment>(...names: Name[]): Pick<Environment, Name> {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`Environment variables are missing: ${missing.join(', ')}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name was just found
  return Object.fromEntries(names.map((name) => [name, process.env[name]])) as Pick<Environment, Name>;
}
