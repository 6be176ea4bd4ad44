import * as v from 'valibot';

/** A lifetime in whole seconds. */
const seconds = v.pipe(v.number(), v.integer(), v.minValue(1));

/** The lifetimes of a policy, and the maximum of each. */
interface Lifetimes {
  readonly accessTokenLifetime: { readonly integration: number; readonly sales_channel: number };
  readonly maximumAccessTokenLifetime: number;
  readonly sessionLifetime: { readonly default: number; readonly maximum: number };
}

/** Patterns of scopes, such as `market:*`. */
const patterns = v.optional(v.array(v.string()), []);

/**
 * What a stage decides about every token that it issues. The stage record states it, and the functions read it from
 * their environment as JSON.
 */
export const TokenPolicy = v.pipe(
  v.object({
    /** Lifetimes of access tokens, by the kind of the client, in seconds. */
    accessTokenLifetime: v.object({ integration: seconds, sales_channel: seconds }),
    /** Maximum lifetime of any access token in seconds, whatever a client is registered with. */
    maximumAccessTokenLifetime: seconds,
    /** Lifetimes of session tokens in seconds. A request for more than the maximum is granted the maximum. */
    sessionLifetime: v.object({ default: seconds, maximum: seconds }),
    /** Patterns, by the kind of the client, of which a granted scope must match at least one. None requires nothing. */
    requiredAnyOf: v.optional(v.object({ integration: patterns, sales_channel: patterns }), {}),
    /** The `organization` claim: whose marketplace this stage belongs to. */
    organization: v.object({
      id: v.string(),
      slug: v.string(),
      enterprise: v.boolean(),
      region: v.string(),
    }),
    /** The `test` claim: true where tokens must never move money. */
    test: v.boolean(),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const message of excessiveLifetimes(dataset.value)) addIssue({ message });
  }),
);

export type TokenPolicy = v.InferOutput<typeof TokenPolicy>;

/** Each lifetime that exceeds its maximum. It would be cut without a word when a token is issued. */
function excessiveLifetimes({
  accessTokenLifetime: { integration, sales_channel },
  maximumAccessTokenLifetime,
  sessionLifetime,
}: Lifetimes): string[] {
  const accessTokenMaximum = ['maximumAccessTokenLifetime', maximumAccessTokenLifetime] as const;
  const limits = [
    ['accessTokenLifetime.integration', integration, ...accessTokenMaximum],
    ['accessTokenLifetime.sales_channel', sales_channel, ...accessTokenMaximum],
    ['sessionLifetime.default', sessionLifetime.default, 'sessionLifetime.maximum', sessionLifetime.maximum],
  ] as const;
  return limits
    .filter(([, lifetime, , maximum]) => lifetime > maximum)
    .map(
      ([member, lifetime, of, maximum]) => `${member} is ${lifetime} s, above ${of}, which is ${maximum} s`,
    );
}

/** Parses a policy. Throws if it is not valid. */
export const parseTokenPolicy = (json: string): TokenPolicy => v.parse(TokenPolicy, JSON.parse(json));

/**
 * What a stage requires of assertions that clients authenticate with (RFC 7523 §2.2). The stage record states it, and the
 * functions read it from their environment as JSON.
 */
export const ClientAssertionPolicy = v.object({
  /** Seconds until the `exp` of an assertion at most. Each one is remembered until it expires. */
  maximumLifetime: v.object({
    default: seconds,
    /** For clients under FAPI 2.0. */
    fapi: seconds,
  }),
  /**
   * Whether `aud` may be the URL of the token endpoint, alone or beside the issuer, as RFC 7523 §3 allowed. It allows a
   * malicious authorization server that the client also uses to get assertions for this one (draft-ietf-oauth-rfc7523bis).
   * Clients under FAPI 2.0 must send the issuer in any case.
   */
  tokenEndpointAudience: v.boolean(),
});
export type ClientAssertionPolicy = v.InferOutput<typeof ClientAssertionPolicy>;

/** Parses a policy. Throws if it is not valid. */
export const parseClientAssertionPolicy = (json: string): ClientAssertionPolicy =>
  v.parse(ClientAssertionPolicy, JSON.parse(json));
