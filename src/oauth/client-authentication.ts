import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { parseBasic, triesBasic } from './basic-credentials.ts';
import { matchClientSecret } from './client-secret.ts';
import type { AuthenticationMethod, Client } from './client.ts';
import { refuse } from './errors.ts';
import type { OAuthError } from './errors.ts';

/** What authentication needs of a client store. */
export interface ClientReader {
  find(clientId: string): Promise<Client | undefined>;
}

export interface AuthenticationContext {
  readonly clients: ClientReader;
  /** `HashKeys.clientSecret` */
  readonly secretKey: () => Promise<KeyObject>;
  readonly clock: Clock;
}

/** The parts of a request that a client may authenticate with. */
export interface AuthenticationRequest {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  readonly client_id?: string;
  readonly client_secret?: string;
}

export interface AuthenticatedClient {
  readonly client: Client;
  /** The method it authenticated with; `none` proves nothing (RFC 6749 §2.1, public clients). */
  readonly method: AuthenticationMethod;
}

/** What a client claims to be, and what it shows for it. */
interface Presented {
  readonly method: AuthenticationMethod;
  readonly ids: readonly string[];
  readonly secrets: readonly string[];
}

/** Each way to present a client, and the rows of this table are all there are (RFC 6749 §2.3, RFC 7591 §2). */
const methods: readonly ((request: AuthenticationRequest) => Presented | undefined)[] = [
  function clientSecretBasic({ authorization }) {
    const basic = authorization === undefined ? undefined : parseBasic(authorization);
    // `id:` with an empty secret is how some libraries send a public client.
    return basic && { method: basic.secrets.length === 0 ? 'none' : 'client_secret_basic', ...basic };
  },
  function clientSecretPost({ authorization, client_id, client_secret }) {
    if (client_secret === undefined) return undefined;
    // A secret in the body next to Basic is a second method, whichever id it comes with.
    const id = client_id ?? (triesBasic(authorization) ? '' : undefined);
    return { method: 'client_secret_post', ids: id === undefined ? [] : [id], secrets: [client_secret] };
  },
  function none({ authorization, client_id, client_secret }) {
    if (client_id === undefined || client_secret !== undefined || triesBasic(authorization)) return undefined;
    return { method: 'none', ids: [client_id], secrets: [] };
  },
];

/**
 * Authenticates the client of a request (RFC 6749 §2.3). Unknown client, wrong secret, expired secret,
 * disabled client and a method that the client may not use all answer alike, after the same work.
 */
export async function authenticateClient(
  request: AuthenticationRequest,
  { clients, secretKey, clock }: AuthenticationContext,
): Promise<Result<AuthenticatedClient, OAuthError>> {
  const challenge = triesBasic(request.authorization) ? { challenge: 'Basic' as const } : {};
  const refused = (reason: string, clientId?: string) =>
    refuse('invalid_client', undefined, {
      ...challenge,
      reason,
      ...(clientId !== undefined && { clientId }),
    });

  const presented = methods.map((method) => method(request)).filter((found) => found !== undefined);
  if (presented.length > 1) {
    // RFC 6749 §2.3: no more than one method in each request.
    return refuse('invalid_request', 'Use one client authentication method, not several.');
  }
  const [attempt] = presented;
  if (!attempt) return refused('no_credentials');
  if (request.client_id !== undefined && !attempt.ids.includes(request.client_id)) {
    return refuse('invalid_request', 'client_id is not the client that authenticates.');
  }

  const key = await secretKey();
  const client = await findFirst(clients, attempt.ids);
  const secret = matchClientSecret(key, client, attempt.secrets, clock());
  if (!client) return refused('unknown_client');
  if (!client.authenticationMethods.includes(attempt.method)) return refused('method_not_allowed', client.id);
  if (attempt.method !== 'none' && !secret) return refused('wrong_secret', client.id);
  if (client.status !== 'enabled') return refused('client_disabled', client.id);
  return ok({ client, method: attempt.method });
}

async function findFirst(clients: ClientReader, ids: readonly string[]): Promise<Client | undefined> {
  for (const id of ids) {
    const client = await clients.find(id);
    if (client) return client;
  }
  return undefined;
}
