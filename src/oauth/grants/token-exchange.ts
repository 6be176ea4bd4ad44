import { errorResult } from '../../errors.ts';
import { ok } from '../../result.ts';
import type { GrantClaims } from '../access-token.ts';
import { grantAudience } from '../audience.ts';
import type { Grant, TokenParameters } from '../grant.ts';
import { grantScopeTokens, scopeTokens } from '../scope.ts';
import type { TokenOrigin, VerifiedAccessToken } from '../token-verification.ts';

/** Maximum number of exchanges from service to service: each exchange is one more item to read. */
const maximumExchanges = 4;

/** RFC 8693 §3 */
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const tokenTypes = new Set([accessTokenType, 'urn:ietf:params:oauth:token-type:jwt']);

/**
 * RFC 8693: a service that received an access token gets one for the next service, with fewer scopes and another
 * audience. The new token never permits more, and never lives longer, than the old one.
 */
export const tokenExchange: Grant = {
  async grant(
    { authenticated: { client, method }, parameters, jkt },
    { audience: stageAudience, policy, verifyToken },
  ) {
    const invalidRequest = (description: string, reason?: string) =>
      errorResult('invalid_request', description, {
        clientId: client.id,
        ...(reason !== undefined && { reason }),
      });
    // Anyone who finds a token may know the id of a public client. That must not be enough to get another token.
    if (method === 'none') {
      return errorResult('unauthorized_client', 'A public client may not exchange tokens.', {
        clientId: client.id,
      });
    }
    const problem = parametersProblem(parameters);
    if (problem !== undefined) return invalidRequest(problem);

    const subject = await verifyToken(parameters.subject_token ?? '');
    // RFC 8693 §2.2.2: a subject token that is invalid for any reason is an invalid_request.
    if (!subject.ok) {
      return invalidRequest(
        'The subject_token is not a valid JWT access token of this server.',
        subject.error.reason,
      );
    }
    const token = subject.value;
    if (token.origins.length >= maximumExchanges) {
      return invalidRequest(`A token can be exchanged at most ${maximumExchanges} times.`);
    }
    if (token.jkt !== undefined && token.jkt !== jkt) {
      return invalidRequest('The subject_token is bound to a key: send a DPoP proof of that key.');
    }

    const subjectScope = scopeTokens(token.scope);
    const requestedScope = scopeTokens(parameters.scope ?? '');
    const scope = requestedScope.length > 0 ? requestedScope : subjectScope;
    if (!scope.every((name) => subjectScope.includes(name))) {
      return errorResult('invalid_scope', 'The scope must be within that of the subject_token.', {
        clientId: client.id,
      });
    }
    // The client acts as itself, so it must be registered for the scope too.
    const granted = grantScopeTokens(client, scope, policy);
    if (!granted.ok) return granted;
    const audience = grantAudience(client, parameters, defaultAudience(token, stageAudience));
    if (!audience.ok) return audience;
    return ok({
      scope: granted.value,
      audience: audience.value,
      jkt,
      subject: token.subject,
      expiresBy: token.expiresAt,
      claims: exchangedClaims(token, client.id),
    });
  },
  issuedTokenType: accessTokenType,
};

function parametersProblem({
  subject_token,
  subject_token_type,
  requested_token_type,
  actor_token,
}: TokenParameters): string | undefined {
  if (subject_token === undefined) return 'subject_token is missing.';
  if (subject_token_type === undefined || !tokenTypes.has(subject_token_type)) {
    return `subject_token_type must be ${[...tokenTypes].join(' or ')}.`;
  }
  if (requested_token_type !== undefined && !tokenTypes.has(requested_token_type)) {
    return `requested_token_type must be ${[...tokenTypes].join(' or ')}.`;
  }
  return actor_token === undefined ? undefined : 'actor_token is not supported: the client is the actor.';
}

/** Without a requested audience the token keeps its own: one for a service must not become one for the stage. */
function defaultAudience({ audience }: VerifiedAccessToken, stageAudience: string): string {
  const audiences = [audience].flat();
  return audiences.includes(stageAudience) ? stageAudience : (audiences[0] ?? stageAudience);
}

function exchangedClaims(token: VerifiedAccessToken, clientId: string): GrantClaims {
  const { claims, origins } = token;
  const previousActor = 'act' in claims && { act: claims['act'] };
  return {
    // Revoking one of these revokes the new token.
    origin: [token, ...origins].map(originClaim),
    ...('owner' in claims && { owner: claims['owner'] }),
    ...('custom_claim' in claims && { custom_claim: claims['custom_claim'] }),
    // RFC 8693 §4.1: the current actor, with the previous ones nested in it.
    ...previousActor,
    ...(clientId !== token.clientId && { act: { sub: clientId, ...previousActor } }),
  };
}

const originClaim = ({ clientId, tokenGeneration, jti, keyId }: TokenOrigin) => ({
  client_id: clientId,
  token_generation: tokenGeneration,
  jti,
  kid: keyId,
});
