import type { JWTPayload } from 'jose';
import type { ClientStore } from '../clients/client-store.ts';
import { maximumClientIdLength } from '../clients/client.ts';
import type { AuthenticationMethod, Client } from '../clients/client.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { clientSecretBasic, clientSecretPost, none } from './client-authentication/client-secret.ts';
import type {
  AuthenticationRequest,
  ClientAuthenticationMethod,
  PresentedCredentials,
  VerificationOptions,
} from './client-authentication/method.ts';
import { privateKeyJwt } from './client-authentication/private-key-jwt.ts';

export interface ClientAuthenticationOptions extends VerificationOptions {
  /**
   * Read strongly consistent, because a token is issued in the generation of the client that was read. An older record
   * would give the client a token that is revoked already, and a disabled client a token.
   */
  readonly clients: Pick<ClientStore, 'findNow'>;
  /** Records that a secret was used. */
  readonly recordSecretUse: (clientId: string, secretId: string) => Promise<void>;
}

export interface AuthenticatedClient {
  readonly client: Client;
  /** The method that it authenticated with. With `none` it only identified itself (RFC 6749 §2.1). */
  readonly method: AuthenticationMethod;
  /** Id of the secret that it authenticated with, if it did with one. */
  readonly secretId?: string;
  /** Claims of the verified assertion that identified it, if a grant did (RFC 7521 §4.1). */
  readonly assertionClaims?: JWTPayload;
}

/** Authenticates the client of a request, or returns `invalid_client`. */
export type AuthenticateClient = (
  request: AuthenticationRequest,
) => Promise<Result<AuthenticatedClient, RequestError>>;

/** All methods by their registered names (RFC 7591 §4.2), which the metadata lists too. */
const clientAuthenticationMethods: Readonly<Record<AuthenticationMethod, ClientAuthenticationMethod>> = {
  client_secret_basic: clientSecretBasic,
  client_secret_post: clientSecretPost,
  private_key_jwt: privateKeyJwt,
  none,
};

/**
 * Client authentication (RFC 6749 §2.3). Unknown client, wrong secret, expired secret, disabled client and a method
 * that the client is not registered for all get the same response, after the same work.
 */
export function clientAuthentication(options: ClientAuthenticationOptions): AuthenticateClient {
  return async (request) => {
    const used = methodsUsed(request);
    if (used.length > 1) {
      // RFC 6749 §2.3: no more than one method in each request.
      return errorResult('invalid_request', 'Use one client authentication method, not several.');
    }
    const [attempt] = used;
    if (!attempt) return invalidClient('no_credentials');
    const { method, presented } = attempt;
    if (request.client_id !== undefined && !presented.ids.includes(request.client_id)) {
      // RFC 7521 §4.2: client_id must identify the same client as the assertion.
      if (method === 'private_key_jwt') return invalidClient('client_id_of_another');
      return errorResult('invalid_request', 'client_id is not the client that authenticates.');
    }

    const client = await findFirst(options.clients, presented.ids);
    const verification = await clientAuthenticationMethods[method].verify(presented, client, options);
    if (!client) return invalidClient('unknown_client');
    if (!client.authenticationMethods.includes(method)) {
      return invalidClient('method_not_allowed', client.id);
    }
    const { status, id } = client;
    if (!verification.verified) {
      const description = status === 'enabled' ? verification.description : undefined;
      return invalidClient(verification.reason, id, description);
    }
    if (status !== 'enabled') return invalidClient('client_disabled', id);
    const { secretId } = verification;
    if (secretId !== undefined) await options.recordSecretUse(client.id, secretId);
    return ok({ client, method, ...(secretId !== undefined && { secretId }) });
  };
}

/** The ids of clients that a request names without credentials; undefined if it presents credentials. */
export function namedWithoutCredentials(request: AuthenticationRequest): readonly string[] | undefined {
  const used = methodsUsed(request);
  if (used.some(({ method }) => method !== 'none')) return undefined;
  return used.flatMap(({ presented }) => presented.ids);
}

/**
 * @param reason for the log
 * @param description for the client
 */
const invalidClient = (reason: string, clientId?: string, description?: string) =>
  errorResult('invalid_client', description, {
    reason,
    ...(clientId !== undefined && { clientId }),
  });

function methodsUsed(request: AuthenticationRequest) {
  const used: { readonly method: AuthenticationMethod; readonly presented: PresentedCredentials }[] = [];
  let method: AuthenticationMethod;
  for (method in clientAuthenticationMethods) {
    const presented = clientAuthenticationMethods[method].present(request);
    if (presented) used.push({ method, presented });
  }
  return used;
}

async function findFirst(
  clients: ClientAuthenticationOptions['clients'],
  ids: readonly string[],
): Promise<Client | undefined> {
  // An id that is too long to be registered is unknown without a read. All others are read, so that timing does not
  // reveal which of them exists.
  const read = ids.filter(({ length }) => length <= maximumClientIdLength);
  const found = await Promise.all(read.map((id) => clients.findNow(id)));
  return found.find((client) => client !== undefined);
}
