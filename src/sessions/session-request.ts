import type { KeyObject } from 'node:crypto';
import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { triesBasic } from '../oauth/basic-credentials.ts';
import { authenticateClient } from '../oauth/client-authentication.ts';
import type { AuthenticationContext } from '../oauth/client-authentication.ts';
import { dateOfIssue } from '../oauth/date-of-issue.ts';
import type { TokenPolicy } from '../oauth/token-policy.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { hashSessionToken, makeSessionToken } from './session-token.ts';
import type { Session } from './session.ts';

/** The name of this grant in `Client.grants`; the token endpoint of OAuth does not have it. */
export const sessionGrantType = 'session';

interface SessionWriter {
  put(tokenHash: string, session: Session): Promise<void>;
}

export interface SessionGrantContext extends AuthenticationContext {
  readonly sessions: SessionWriter;
  /** `HashKeys.sessionToken` */
  readonly tagKey: () => Promise<KeyObject>;
  readonly policy: TokenPolicy;
}

export interface SessionRequest {
  readonly grant_type?: string;
  /** Credentials in the body, beside those of HTTP Basic, are one method too many. */
  readonly client_id?: string;
  readonly client_secret?: string;
  /** Seconds, as it was sent: any JSON value. */
  readonly expires_in: unknown;
}

/** The answer to a session request, with exactly these members. */
interface SessionResponse {
  readonly mage_id: string;
  readonly ust: string;
  /** Seconds that were granted. */
  readonly expires_in: number;
}

/** A session and, for the log, who got it. */
interface OpenedSession {
  readonly response: SessionResponse;
  readonly clientId: string;
}

/** Opens a session for an account's application id and secret, as Adobe's Marketplace EQP API does. */
export async function openSession(
  authorization: string | undefined,
  { grant_type, expires_in, ...credentials }: SessionRequest,
  context: SessionGrantContext,
): Promise<Result<OpenedSession, OAuthError>> {
  if (!triesBasic(authorization)) {
    return refuse('invalid_client', 'Send the application id and secret with HTTP Basic.', {
      challenge: 'Basic',
      reason: 'no_credentials',
    });
  }
  if (grant_type === undefined) return refuse('invalid_request', 'grant_type is missing.');
  if (grant_type !== sessionGrantType) return refuse('unsupported_grant_type', 'grant_type must be session.');
  const { sessionLifetime } = context.policy;
  // RFC 6749 §3.2: an empty value is none.
  const asked =
    expires_in === undefined || expires_in === '' ? sessionLifetime.default : wholeSeconds(expires_in);
  if (asked === undefined)
    return refuse('invalid_request', 'expires_in must be a whole number of seconds above 0.');

  const authenticated = await authenticateClient({ authorization, ...credentials }, context);
  if (!authenticated.ok) return authenticated;
  const { client } = authenticated.value;
  if (client.account === undefined || !client.grants.includes(sessionGrantType)) {
    // Here only session keys exist: any other client is as unknown as one that is not registered.
    return refuse('invalid_client', undefined, {
      challenge: 'Basic',
      reason: 'not_a_session_key',
      clientId: client.id,
    });
  }

  const lifetime = Math.min(asked, client.tokenLifetime ?? sessionLifetime.maximum, sessionLifetime.maximum);
  const issuedAt = dateOfIssue(client, context.clock());
  const ust = makeSessionToken(await context.tagKey());
  await context.sessions.put(hashSessionToken(ust), {
    clientId: client.id,
    account: client.account,
    scope: client.defaultScopes.join(' '),
    issuedAt,
    expiresAt: issuedAt + lifetime,
  });
  return ok({ response: { mage_id: client.account, ust, expires_in: lifetime }, clientId: client.id });
}

/** A whole number above 0, however large: what is more than the maximum is granted as the maximum. */
const wholeSeconds = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
