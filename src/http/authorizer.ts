import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { errorResult, errorTable, requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { causeOf } from '../log.ts';
import type { Log } from '../log.ts';
import { authorizeCall } from '../oauth/protected-call.ts';
import type { ProtectedCallCapabilities } from '../oauth/protected-call.ts';
import type { VerifiedAccessToken, VerifiedToken } from '../oauth/token-verification.ts';
import { failed } from '../result.ts';
import type { Result } from '../result.ts';
import { Unavailable } from '../unavailable.ts';
import { denialContext, reservedContextMembers } from './authorizer-context.ts';
import { loggedNames } from './logged-names.ts';
import { calledUrl } from './route-key.ts';

/**
 * Who responds to a caller that is denied: API Gateway itself, or the integration, which is told the reason in the
 * authorizer's context.
 */
export const denialModes = ['gateway', 'integration'] as const;
export type DenialMode = (typeof denialModes)[number];

interface AuthorizerOptions extends ProtectedCallCapabilities {
  readonly issuer: string;
  /** The scope that each route requires, by route key; null if it accepts any token. */
  readonly routeScopes: Readonly<Record<string, string | null>>;
  readonly denials: DenialMode;
  /**
   * Whether API Gateway caches results. A DPoP proof is for one request, and a cached result would accept the token
   * without a proof, so that bound tokens are refused.
   */
  readonly resultsAreCached: boolean;
  readonly log: Log;
}

/** The simple response of an HTTP API's Lambda authorizer. The integration receives the context. */
interface AuthorizerResponse {
  readonly isAuthorized: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** The handler of a Lambda authorizer that accepts JWTs, bound to a key or not, and session tokens. */
export function authorizer(options: AuthorizerOptions) {
  return async (event: APIGatewayRequestAuthorizerEventV2): Promise<AuthorizerResponse> => {
    const caller = await authorize(event, options);
    const { requestId } = event.requestContext;
    if (caller.ok) {
      const { clientId } = caller.value;
      options.log('INFO', { event: 'caller_allowed', requestId, clientId, ...loggedNames(caller.value) });
      return { isAuthorized: true, context: callerContext(caller.value) };
    }
    const { code, reason, clientId, jti } = caller.error;
    if (errorTable[code].status < 500) {
      options.log('WARN', {
        event: 'caller_denied',
        requestId,
        error: code,
        ...(reason !== undefined && { reason }),
        ...(clientId !== undefined && { clientId }),
        ...(jti !== undefined && { jti }),
      });
    } else if (options.denials === 'gateway') {
      // API Gateway responds to a failure with 500 and forgets it. A denial would be a 403, and might be cached.
      throw new Error(`The caller could be neither authorized nor denied: ${code}`);
    }
    return { isAuthorized: options.denials === 'integration', context: denialContext(caller.error) };
  };
}

async function authorize(
  { headers, requestContext, rawPath, routeKey }: APIGatewayRequestAuthorizerEventV2,
  { verifyToken, verifyDpopProof, issuer, audience, routeScopes, resultsAreCached, log }: AuthorizerOptions,
): Promise<Result<VerifiedToken, RequestError>> {
  try {
    const scope = routeScopes[routeKey];
    if (scope === undefined) throw new Error('This route is not among those of the authorizer');
    const caller = await authorizeCall(
      {
        authorization: headers?.['authorization'],
        dpop: headers?.['dpop'],
        method: requestContext.http.method,
        url: calledUrl(issuer, { routeKey, rawPath }),
        scope: scope ?? undefined,
      },
      { verifyToken, verifyDpopProof, audience },
    );
    if (caller.ok && caller.value.jkt !== undefined && resultsAreCached) {
      const { clientId } = caller.value;
      return errorResult('invalid_token', undefined, { reason: 'dpop_with_cached_results', clientId });
    }
    return caller;
  } catch (thrown) {
    // After a failure a caller is neither let through nor told that its token is invalid.
    const code = thrown instanceof Unavailable ? 'temporarily_unavailable' : 'server_error';
    log('ERROR', {
      event: 'authorizer_failed',
      requestId: requestContext.requestId,
      error: code,
      ...causeOf(thrown),
    });
    return failed(requestError(code));
  }
}

/** Claims that are not strings and that an integration needs. They are passed on as JSON. */
const jsonClaims: ReadonlySet<string> = new Set(['owner', 'custom_claim', 'act', 'market', 'test']);

function callerContext(token: VerifiedToken): Record<string, string> {
  const { clientId, scope } = token;
  return token.kind === 'session'
    ? { client_id: clientId, scope, account: token.account, secret_id: token.secretId }
    : { ...claimsContext(token), client_id: clientId, scope };
}

/** The claims of a JWT: strings as the JWT authorizer passes them on, and `jsonClaims` as JSON. */
function claimsContext({ claims }: VerifiedAccessToken): Record<string, string> {
  const strings = Object.entries(claims)
    .filter(
      ([name, value]) =>
        !reservedContextMembers.has(name) && (typeof value === 'string' || jsonClaims.has(name)),
    )
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  return Object.fromEntries(strings);
}
