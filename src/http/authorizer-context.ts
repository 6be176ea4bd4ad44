import * as v from 'valibot';
import { errorTable, refuse } from '../errors.ts';
import type { ErrorCode, OAuthError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { Request } from './http-request.ts';

/**
 * What an authorizer tells the integration of the caller, as flat strings. API Gateway's JWT authorizer
 * passes the claims of the token, the Lambda authorizer makes the same of either kind of token.
 */
const CallerContext = v.object({
  client_id: v.string(),
  scope: v.string(),
  /** `mage_id`, of a session token. */
  account: v.exactOptional(v.string()),
  /** Space-separated ids, a claim that the operator gave the client. */
  trading_partner_ids: v.exactOptional(v.string()),
});
export type CallerContext = v.InferOutput<typeof CallerContext>;

/** What the Lambda authorizer passes on when denials are the integration's to answer. */
const DenialContext = v.object({
  error: v.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(errorTable, code)),
  required_scope: v.exactOptional(v.string()),
  challenge: v.exactOptional(v.picklist(['Basic', 'DPoP'])),
  dpop_nonce: v.exactOptional(v.string()),
});

/**
 * What the context says beside claims. The rules of registration keep claims from these names; if one got in by
 * another way, it would make its client an account, or a caller a denial.
 */
export const ownMembers: ReadonlySet<string> = new Set(['account', ...Object.keys(DenialContext.entries)]);

/** The caller of a request behind either authorizer, or why it is denied. Nothing known of it: denied. */
export function callerOf({ authorizer }: Request): Result<CallerContext, OAuthError> {
  const context = authorizer?.jwt?.claims ?? authorizer?.lambda;
  const denial = v.safeParse(DenialContext, context);
  if (denial.success) {
    const { error, required_scope: scope, challenge, dpop_nonce: dpopNonce } = denial.output;
    return refuse(error, undefined, {
      ...(scope !== undefined && { scope }),
      ...(challenge !== undefined && { challenge }),
      ...(dpopNonce !== undefined && { dpopNonce }),
    });
  }
  const caller = v.safeParse(CallerContext, context);
  return caller.success ? ok(caller.output) : refuse('missing_token');
}

/** The context that `callerOf` reads a denial from. */
export function denialContext({
  code,
  scope,
  challenge,
  dpopNonce,
}: OAuthError): v.InferOutput<typeof DenialContext> {
  return {
    error: code,
    ...(scope !== undefined && { required_scope: scope }),
    ...(challenge !== undefined && { challenge }),
    ...(dpopNonce !== undefined && { dpop_nonce: dpopNonce }),
  };
}
