import { refuse } from '../../errors.ts';
import { ok } from '../../result.ts';
import { looksLikeSessionToken } from '../../sessions/session-token.ts';
import { dateOfIssue } from '../date-of-issue.ts';
import type { Grant } from '../grants.ts';
import { grantScope, scopeTokens } from '../scope.ts';
import { grantTarget } from '../target.ts';
import type { Origin } from '../token-verification.ts';

/** Times that a token may go from service to service: each is one more to look up. */
const maximumExchanges = 4;

/** RFC 8693 §3 */
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const tokenTypes = new Set([accessTokenType, 'urn:ietf:params:oauth:token-type:jwt']);

/**
 * RFC 8693: a service that received an access token gets one for the next service, with fewer scopes and
 * another audience. What comes out can never do more, or live longer, than what went in.
 */
export const tokenExchange: Grant = {
  async grant({ authenticated: { client, method }, parameters, jkt }, { issuer, verifyToken, clock }) {
    const { subject_token, subject_token_type, requested_token_type, actor_token } = parameters;
    const refused = (code: 'invalid_request' | 'invalid_scope', description: string) =>
      refuse(code, description, { clientId: client.id });
    // Whoever finds a token knows a public client's id: it must not be worth another token.
    if (method === 'none') {
      return refuse('unauthorized_client', 'A public client may not exchange tokens.', {
        clientId: client.id,
      });
    }
    if (subject_token === undefined) return refused('invalid_request', 'subject_token is missing.');
    if (subject_token_type === undefined || !tokenTypes.has(subject_token_type)) {
      return refused('invalid_request', `subject_token_type must be ${accessTokenType}.`);
    }
    if (requested_token_type !== undefined && !tokenTypes.has(requested_token_type)) {
      return refused('invalid_request', `requested_token_type must be ${accessTokenType}.`);
    }
    if (actor_token !== undefined)
      return refused('invalid_request', 'actor_token is not supported: the client is the actor.');

    if (looksLikeSessionToken(subject_token)) {
      return refused(
        'invalid_request',
        'The subject_token is a session token, which has no scope to narrow.',
      );
    }
    const subject = await verifyToken(subject_token);
    // RFC 8693 §2.2.2: a subject token that is not valid, for any reason, is invalid_request.
    if (!subject.ok) {
      const { reason } = subject.error;
      return refuse('invalid_request', 'The subject_token is not a valid access token of this server.', {
        clientId: client.id,
        ...(reason !== undefined && { reason }),
      });
    }
    const { scope: held, subject: sub, clientId, expiresAt, claims, origins = [] } = subject.value;
    if (origins.length >= maximumExchanges) {
      return refused('invalid_request', `A token is exchanged ${maximumExchanges} times at most.`);
    }
    if (expiresAt <= dateOfIssue(client, clock())) {
      return refused('invalid_request', 'The subject_token has run out.');
    }
    if (subject.value.jkt !== undefined && subject.value.jkt !== jkt) {
      return refused('invalid_request', 'The subject_token is bound to a key: prove it with DPoP.');
    }

    const scope = parameters.scope ?? held;
    const tokens = scopeTokens(scope);
    const heldTokens = scopeTokens(held);
    if (!tokens.every((token) => heldTokens.includes(token))) {
      return refused('invalid_scope', 'The scope must be within that of the subject_token.');
    }
    // The exchanger acts as itself: it must be registered for what it is to hold.
    const granted = grantScope(client, scope, issuer.policy);
    if (!granted.ok) return granted;
    // What is asked for no audience keeps its own: a token for one service must not become one for the stage.
    const heldAudiences = [subject.value.audience ?? []].flat();
    const ownAudience = heldAudiences.includes(issuer.audience) ? issuer.audience : heldAudiences[0];
    const audience = grantTarget(client, parameters, ownAudience ?? issuer.audience);
    if (!audience.ok) return audience;
    return ok({
      scope,
      audience: audience.value,
      jkt,
      subject: sub,
      endsBy: expiresAt,
      claims: {
        // What ends one of these ends the new token.
        origin: [subject.value, ...origins].map(originClaim),
        ...('owner' in claims && { owner: claims['owner'] }),
        ...('custom_claim' in claims && { custom_claim: claims['custom_claim'] }),
        // RFC 8693 §4.1: who acts, and for whom those act who acted before.
        ...('act' in claims && { act: claims['act'] }),
        ...(client.id !== clientId && {
          act: { sub: client.id, ...('act' in claims && { act: claims['act'] }) },
        }),
      },
    });
  },
  answer: { issued_token_type: accessTokenType },
};

const originClaim = ({ clientId, jti, issuedAt, keyId }: Partial<Origin>) => ({
  client_id: clientId,
  jti,
  iat: issuedAt,
  kid: keyId,
});
