import type { KeyObject } from 'node:crypto';
import type { AccountStore } from '../clients/account.ts';
import { sessionGrantType } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { allowedOriginError } from '../oauth/allowed-origin.ts';
import type { AuthenticateClient } from '../oauth/client-authentication.ts';
import { isBasicScheme } from '../oauth/client-authentication/client-secret.ts';
import type { TokenPolicy } from '../oauth/stage-policies.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { generateSessionToken, hashSessionToken } from './session-token.ts';
import type { SessionStore } from './session.ts';

export interface SessionCapabilities {
  readonly authenticateClient: AuthenticateClient;
  /** Read strongly consistent, so that a disabled account opens no session. */
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly sessions: Pick<SessionStore, 'put'>;
  /** `HashKeys.sessionToken` */
  readonly tagKey: () => Promise<KeyObject>;
  readonly policy: TokenPolicy;
  readonly clock: Clock;
}

export interface SessionRequest {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The `Origin` header. */
  readonly origin?: string | undefined;
  readonly grant_type?: string;
  /** Credentials in the body are a second authentication method besides HTTP Basic, which is an error. */
  readonly client_id?: string;
  readonly client_secret?: string;
  /** Seconds, as they were sent: any JSON value. */
  readonly expires_in: unknown;
}

/** The response to a session request, with exactly these members. */
interface SessionResponse {
  readonly mage_id: string;
  readonly ust: string;
  /** Granted lifetime in seconds. */
  readonly expires_in: number;
}

/** A session and, for the log, the client that opened it and what names the session. */
interface OpenedSession {
  readonly response: SessionResponse;
  readonly clientId: string;
  readonly sessionId: string;
}

/** Opens a session with an account's application id and secret, as Adobe's Marketplace EQP API does. */
export async function openSession(
  request: SessionRequest,
  { authenticateClient, accounts, sessions, tagKey, policy, clock }: SessionCapabilities,
): Promise<Result<OpenedSession, RequestError>> {
  const { authorization, origin, grant_type, expires_in } = request;
  if (!isBasicScheme(authorization)) {
    return errorResult('invalid_client', 'Send the application id and secret with HTTP Basic.', {
      reason: 'no_credentials',
    });
  }
  if (grant_type === undefined) return errorResult('invalid_request', 'grant_type is missing.');
  if (grant_type !== sessionGrantType) {
    return errorResult('unsupported_grant_type', 'grant_type must be session.');
  }
  const { sessionLifetime } = policy;
  // RFC 6749 §3.2: an empty value counts as absent.
  const requested =
    expires_in === undefined || expires_in === '' ? sessionLifetime.default : wholeSeconds(expires_in);
  if (requested === undefined) {
    return errorResult('invalid_request', 'expires_in must be a whole number of seconds above 0.');
  }

  const authenticated = await authenticateClient(request);
  if (!authenticated.ok) return authenticated;
  const { client, secretId } = authenticated.value;
  const account =
    client.account !== undefined && client.grants.includes(sessionGrantType)
      ? await accounts.find(client.account)
      : undefined;
  if (!account || secretId === undefined) {
    // Only session keys exist at this endpoint. Any other client gets the response of an unknown one.
    return errorResult('invalid_client', undefined, {
      reason: 'not_a_session_key',
      clientId: client.id,
    });
  }

  if (account.status === 'disabled') {
    // The client has authenticated, so it may learn why.
    return errorResult(
      'forbidden',
      'The account of this session key is disabled. Its operator alone can enable it.',
      {
        reason: 'account_disabled',
        clientId: client.id,
      },
    );
  }
  const originError = allowedOriginError(client, origin);
  if (originError) return failed(originError);

  const maximum = Math.min(client.tokenLifetime ?? sessionLifetime.maximum, sessionLifetime.maximum);
  const lifetime = Math.min(requested, maximum);
  const issuedAt = clock();
  const ust = generateSessionToken(await tagKey());
  const sessionId = hashSessionToken(ust);
  await sessions.put(sessionId, {
    clientId: client.id,
    tokenGeneration: client.tokenGeneration,
    secretId,
    account: account.mageId,
    sessionGeneration: account.sessionGeneration,
    scope: client.defaultScopes.join(' '),
    issuedAt,
    expiresAt: issuedAt + lifetime,
  });
  return ok({
    response: { mage_id: account.mageId, ust, expires_in: lifetime },
    clientId: client.id,
    sessionId,
  });
}

/** A whole number above 0 of any size: a request for more than the maximum is granted the maximum. */
const wholeSeconds = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
