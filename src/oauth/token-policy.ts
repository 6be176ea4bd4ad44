import * as v from 'valibot';

/** A lifetime in whole seconds. */
const seconds = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Patterns each of which a scope must have a match for, such as `market:*`. */
const patterns = v.optional(v.array(v.string()), []);

/**
 * What a stage decides about every token it issues. A stage record states it, the functions read it from
 * their environment as JSON.
 */
export const TokenPolicy = v.object({
  /** Lifetimes of access tokens, by the kind of the client, in seconds. */
  accessTokenLifetime: v.object({ integration: seconds, sales_channel: seconds }),
  /** What a client's own lifetime of access tokens may be at most, in seconds. */
  maximumAccessTokenLifetime: seconds,
  /** Lifetimes of session tokens, in seconds; a request for more than the maximum is granted the maximum. */
  sessionLifetime: v.object({ default: seconds, maximum: seconds }),
  /** What each scope must name, by the kind of the client. */
  requiredScopes: v.optional(v.object({ integration: patterns, sales_channel: patterns }), {}),
  /** The `organization` claim: whose marketplace this stage belongs to. */
  organization: v.object({
    id: v.string(),
    slug: v.string(),
    enterprise: v.boolean(),
    region: v.string(),
  }),
  /** The `test` claim: true where tokens must never move money. */
  test: v.boolean(),
});

export type TokenPolicy = v.InferOutput<typeof TokenPolicy>;

/** Parses the policy that the stage record states; throws where it is not one. */
export const parseTokenPolicy = (json: string): TokenPolicy => v.parse(TokenPolicy, JSON.parse(json));
