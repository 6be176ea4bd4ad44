import * as v from 'valibot';
import { seconds } from './token-policy.ts';

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
