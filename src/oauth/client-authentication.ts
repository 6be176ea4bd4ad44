import type { KeyObject } from 'node:crypto';
import type { AuthenticationMethod, Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { triesBasic } from './basic-credentials.ts';
import { clientSecretBasic, clientSecretPost } from './client-authentication/client-secret.ts';
import { none } from './client-authentication/none.ts';
import { privateKeyJwt } from './client-authentication/private-key-jwt.ts';
import type { ReplayStore } from './replay-store.ts';

/** What authentication needs of a client store. */
export interface ClientReader {
  find(clientId: string): Promise<Client | undefined>;
}

export interface AuthenticationContext {
  readonly clients: ClientReader;
  /** `HashKeys.clientSecret` */
  readonly secretKey: () => Promise<KeyObject>;
  /** Assertions that were used. */
  readonly replays: ReplayStore;
  /** Notes that a secret was used, now and then: what is noted is to the hour. */
  readonly noteSecretUse: (clientId: string, secretId: string) => Promise<void>;
  /** `aud` values of assertions that are meant for this server (RFC 7523 §3). */
  readonly assertionAudiences: readonly string[];
  readonly clock: Clock;
}

/** The parts of a request that a client may authenticate with; each endpoint that authenticates takes them. */
export const authenticationParameters = [
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
] as const;
type AuthenticationParameters = {
  readonly [name in (typeof authenticationParameters)[number]]?: string;
};

export interface AuthenticationRequest extends AuthenticationParameters {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
}

/** What a client claims to be, and what it shows for it, in each reading that it may have meant. */
interface PresentedClient {
  readonly ids: readonly string[];
  readonly credentials: readonly string[];
}

/** Whether a client has shown what it must. The reason is for the log: clients must not tell the causes apart. */
type Proof =
  { readonly proven: true; readonly secretId?: string } | { readonly proven: false; readonly reason: string };

/** One way to authenticate (RFC 6749 §2.3). */
export interface ClientAuthenticationMethod {
  /** What a request shows by this method; undefined where it does not use it. */
  present(request: AuthenticationRequest): PresentedClient | undefined;
  /** Called for a client that is unknown too: of a wrong secret it must not be told by the time it takes. */
  prove(
    presented: PresentedClient,
    client: Client | undefined,
    context: AuthenticationContext,
  ): Promise<Proof>;
}

/** All the ways there are, by their names in RFC 7591 §2, which are those that metadata lists. */
const clientAuthenticationMethods: Readonly<Record<AuthenticationMethod, ClientAuthenticationMethod>> = {
  client_secret_basic: clientSecretBasic,
  client_secret_post: clientSecretPost,
  private_key_jwt: privateKeyJwt,
  none,
};

export interface AuthenticatedClient {
  readonly client: Client;
  /** The method it authenticated with; `none` proves nothing (RFC 6749 §2.1, public clients). */
  readonly method: AuthenticationMethod;
}

/**
 * Authenticates the client of a request (RFC 6749 §2.3). Unknown client, wrong secret, expired secret,
 * disabled client and a method that the client may not use all answer alike, after the same work.
 */
export async function authenticateClient(
  request: AuthenticationRequest,
  context: AuthenticationContext,
): Promise<Result<AuthenticatedClient, OAuthError>> {
  const challenge = triesBasic(request.authorization) ? { challenge: 'Basic' as const } : {};
  const refused = (reason: string, clientId?: string) =>
    refuse('invalid_client', undefined, {
      ...challenge,
      reason,
      ...(clientId !== undefined && { clientId }),
    });

  const used = methodsUsed(request);
  if (used.length > 1) {
    // RFC 6749 §2.3: no more than one method in each request.
    return refuse('invalid_request', 'Use one client authentication method, not several.');
  }
  const [attempt] = used;
  if (!attempt) return refused('no_credentials');
  const { method, presented } = attempt;
  if (request.client_id !== undefined && !presented.ids.includes(request.client_id)) {
    // RFC 7521 §4.2: it must identify the same client as the assertion.
    if (method === 'private_key_jwt') return refused('client_id_of_another');
    return refuse('invalid_request', 'client_id is not the client that authenticates.');
  }

  const client = await findFirst(context.clients, presented.ids);
  const proof = await clientAuthenticationMethods[method].prove(presented, client, context);
  if (!client) return refused('unknown_client');
  if (!client.authenticationMethods.includes(method)) return refused('method_not_allowed', client.id);
  if (!proof.proven) return refused(proof.reason, client.id);
  if (client.status !== 'enabled') return refused('client_disabled', client.id);
  if (proof.secretId !== undefined) await context.noteSecretUse(client.id, proof.secretId);
  return ok({ client, method });
}

function methodsUsed(request: AuthenticationRequest) {
  const used: { readonly method: AuthenticationMethod; readonly presented: PresentedClient }[] = [];
  let method: AuthenticationMethod;
  for (method in clientAuthenticationMethods) {
    const presented = clientAuthenticationMethods[method].present(request);
    if (presented) used.push({ method, presented });
  }
  return used;
}

/** Characters of the longest id that can be registered: a longer one is unknown without asking. */
const maximumIdLength = 128;

async function findFirst(clients: ClientReader, ids: readonly string[]): Promise<Client | undefined> {
  for (const id of ids.filter(({ length }) => length <= maximumIdLength)) {
    const client = await clients.find(id);
    if (client) return client;
  }
  return undefined;
}
