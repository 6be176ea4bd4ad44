import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { oauthError, refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { causeOf, log } from '../log.ts';
import { authorizeCall } from '../oauth/protected-call.ts';
import type { ProtectedCallContext } from '../oauth/protected-call.ts';
import type { VerifiedToken } from '../oauth/token-verification.ts';
import { failed } from '../result.ts';
import type { Result } from '../result.ts';
import { Unavailable } from '../unavailable.ts';
import { denialContext, ownMembers } from './authorizer-context.ts';

interface AuthorizerOptions {
  /** The scope that a route demands, by route key; a route that is not here takes any token. */
  readonly routeScopes: Readonly<Record<string, string>>;
  /** Who answers a caller that is denied. */
  readonly denials: 'gateway' | 'integration';
  /**
   * Whether API Gateway reuses answers. A proof is for one request: with answers that are reused, a token that
   * is bound to a key could be used without it, so that such tokens are refused.
   */
  readonly answersAreReused: boolean;
  readonly context: ProtectedCallContext;
}

/** The simple response of an HTTP API's Lambda authorizer; the context is what the integration sees. */
interface AuthorizerAnswer {
  readonly isAuthorized: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** The handler of a Lambda authorizer that takes JWTs, bound to a key or not, and session tokens alike. */
export function authorizer(options: AuthorizerOptions) {
  return async (event: APIGatewayRequestAuthorizerEventV2): Promise<AuthorizerAnswer> => {
    const caller = await authorize(event, options);
    if (caller.ok) return { isAuthorized: true, context: callerContext(caller.value) };
    const { code, reason, clientId } = caller.error;
    log('WARN', {
      event: 'caller_denied',
      requestId: event.requestContext.requestId,
      error: code,
      ...(reason !== undefined && { reason }),
      ...(clientId !== undefined && { clientId }),
    });
    return { isAuthorized: options.denials === 'integration', context: denialContext(caller.error) };
  };
}

async function authorize(
  { headers, requestContext, rawPath, routeKey }: APIGatewayRequestAuthorizerEventV2,
  { routeScopes, answersAreReused, context }: AuthorizerOptions,
): Promise<Result<VerifiedToken, OAuthError>> {
  try {
    const caller = await authorizeCall(
      {
        authorization: headers?.['authorization'],
        dpop: headers?.['dpop'],
        method: requestContext.http.method,
        // From the issuer, not from a header that anyone may set (RFC 9700 §4.13).
        url: context.issuer + encodedPath(rawPath),
        scope: routeScopes[routeKey],
      },
      context,
    );
    if (caller.ok && caller.value.jkt !== undefined && answersAreReused) {
      const { clientId } = caller.value;
      return refuse('invalid_token', undefined, { reason: 'dpop_with_reused_answers', clientId });
    }
    return caller;
  } catch (thrown) {
    // A caller is never let through because something failed, nor told that its token is bad.
    const code = thrown instanceof Unavailable ? 'temporarily_unavailable' : 'server_error';
    log('ERROR', {
      event: 'authorizer_failed',
      requestId: requestContext.requestId,
      error: code,
      ...causeOf(thrown),
    });
    return failed(oauthError(code));
  }
}

/** API Gateway hands over a path that it has decoded. */
const encodedPath = (rawPath: string) => rawPath.split('/').map(encodeURIComponent).join('/');

/** Claims that are no text and yet say whom a call is for: they are passed on as JSON. */
const passedAsJson: ReadonlySet<string> = new Set(['owner', 'custom_claim', 'act', 'market', 'test']);

/** Flat strings: claims that are text as the JWT authorizer passes them, those that integrations need as JSON. */
function callerContext({ clientId, account, scope, claims }: VerifiedToken): Record<string, string> {
  const texts = Object.entries(claims)
    .filter(([name, value]) => !ownMembers.has(name) && (typeof value === 'string' || passedAsJson.has(name)))
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  return {
    ...Object.fromEntries(texts),
    client_id: clientId,
    scope,
    ...(account !== undefined && { account }),
  };
}
