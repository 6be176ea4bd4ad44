import * as v from 'valibot';
import { errorResult, errorTable } from '../errors.ts';
import type { ErrorCode, RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { HttpRequest } from './http-message.ts';

/**
 * What an authorizer states about the caller, as flat strings. API Gateway's JWT authorizer passes on the claims of
 * the token, and the Lambda authorizer states the same for either kind of token.
 */
const CallerContext = v.object({
  client_id: v.string(),
  scope: v.string(),
  /** `mage_id`, of a session token. */
  account: v.exactOptional(v.string()),
  /** Id of the secret that opened the session. */
  secret_id: v.exactOptional(v.string()),
  /** Space-separated ids: a claim that the operator registered for the client. */
  trading_partner_ids: v.exactOptional(v.string()),
});
export type CallerContext = v.InferOutput<typeof CallerContext>;

/** What the Lambda authorizer passes on if the integration responds to denied callers. */
const DenialContext = v.object({
  error: v.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(errorTable, code)),
  /** So that the body says what is wrong with a DPoP proof, of which the challenge may not reach the client. */
  error_description: v.exactOptional(v.string()),
  required_scope: v.exactOptional(v.string()),
  challenge: v.exactOptional(v.literal('DPoP')),
  dpop_nonce: v.exactOptional(v.string()),
});

/**
 * Members of the context that are not claims. Registration refuses claims with these names, because such a claim
 * could give its client an account, or make a caller look denied.
 */
export const reservedContextMembers: ReadonlySet<string> = new Set([
  'account',
  'secret_id',
  ...Object.keys(DenialContext.entries),
]);

/** The caller of a request behind either authorizer, or why it is denied. A context that is not understood denies. */
export function callerOf({ authorizer }: HttpRequest): Result<CallerContext, RequestError> {
  const context = authorizer?.jwt?.claims ?? authorizer?.lambda;
  const denial = v.safeParse(DenialContext, context);
  if (denial.success) {
    const {
      error,
      error_description: description,
      required_scope: scope,
      challenge,
      dpop_nonce: dpopNonce,
    } = denial.output;
    return errorResult(error, description, {
      ...(scope !== undefined && { scope }),
      ...(challenge !== undefined && { challenge }),
      ...(dpopNonce !== undefined && { dpopNonce }),
      isLogged: true,
    });
  }
  const caller = v.safeParse(CallerContext, context);
  return caller.success ? ok(caller.output) : errorResult('missing_token');
}

/** The context that `callerOf` parses as a denial. */
export function denialContext({
  code,
  description,
  scope,
  challenge,
  dpopNonce,
}: RequestError): v.InferOutput<typeof DenialContext> {
  return {
    error: code,
    ...(description !== errorTable[code].description && { error_description: description }),
    ...(scope !== undefined && { required_scope: scope }),
    ...(challenge !== undefined && { challenge }),
    ...(dpopNonce !== undefined && { dpop_nonce: dpopNonce }),
  };
}
