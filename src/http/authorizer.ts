import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { causeOf, log } from '../log.ts';
import { bearerToken } from '../oauth/bearer-token.ts';
import { oauthError } from '../oauth/errors.ts';
import type { OAuthError } from '../oauth/errors.ts';
import { demandScope, verifyToken } from '../oauth/token-verification.ts';
import type { Caller, VerificationContext } from '../oauth/token-verification.ts';
import { failed } from '../result.ts';
import type { Result } from '../result.ts';
import { Unavailable } from '../unavailable.ts';
import { denialContext } from './authorizer-context.ts';

interface AuthorizerOptions {
  /** The scope that a route demands, by route key; a route that is not here takes any token. */
  readonly routeScopes: Readonly<Record<string, string>>;
  /** Who answers a caller that is denied. */
  readonly denials: 'gateway' | 'integration';
  readonly verification: VerificationContext;
}

/** The simple response of an HTTP API's Lambda authorizer; the context is what the integration sees. */
interface AuthorizerAnswer {
  readonly isAuthorized: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** The handler of a Lambda authorizer that takes JWTs and session tokens alike. */
export function authorizer({ routeScopes, denials, verification }: AuthorizerOptions) {
  return async (event: APIGatewayRequestAuthorizerEventV2): Promise<AuthorizerAnswer> => {
    const caller = await authorize(event, routeScopes[event.routeKey], verification);
    if (caller.ok) return { isAuthorized: true, context: callerContext(caller.value) };
    const { code, reason, clientId } = caller.error;
    log('WARN', {
      event: 'caller_denied',
      requestId: event.requestContext.requestId,
      error: code,
      ...(reason !== undefined && { reason }),
      ...(clientId !== undefined && { clientId }),
    });
    return { isAuthorized: denials === 'integration', context: denialContext(caller.error) };
  };
}

async function authorize(
  { headers, requestContext }: APIGatewayRequestAuthorizerEventV2,
  scope: string | undefined,
  verification: VerificationContext,
): Promise<Result<Caller, OAuthError>> {
  const token = bearerToken(headers?.['authorization']);
  if (!token.ok) return token;
  try {
    const caller = await verifyToken(token.value, verification);
    const missing = caller.ok && scope !== undefined ? demandScope(caller.value, scope) : undefined;
    return missing ? failed(missing) : caller;
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

/** Flat strings, as the JWT authorizer passes claims: an integration sees the same behind either. */
function callerContext({ clientId, account, scope, claims }: Caller): Record<string, string> {
  const texts = Object.entries(claims).filter(
    (claim): claim is [string, string] => typeof claim[1] === 'string',
  );
  return {
    ...Object.fromEntries(texts),
    client_id: clientId,
    scope,
    ...(account !== undefined && { account }),
  };
}
