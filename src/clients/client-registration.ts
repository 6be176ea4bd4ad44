import { randomBytes, randomInt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { sessionGrantType } from '../sessions/session-request.ts';
import type { AccountStore } from './account-store.ts';
import { maximumSessionKeys } from './account.ts';
import { makeClientSecret, storedSecret } from './client-secret.ts';
import type { ClientStore } from './client-store.ts';
import type { AuthenticationMethod, Client, ClientKey, ClientKind } from './client.ts';
import { mistakeIn } from './registration-rules.ts';

/** What an operator says of a new client. */
export interface ClientRegistration {
  readonly name: string;
  readonly kind: ClientKind;
  /** `mage_id` that it opens sessions for: makes it a session key, which has no scopes and no other grant. */
  readonly account?: string;
  /** An id that the partner already has; made up where it is left out. */
  readonly clientId?: string;
  /** A secret that the partner already has. */
  readonly secret?: string;
  /** Whether a client that can do without a secret, a sales channel or one with keys, gets one. */
  readonly withSecret?: boolean;
  /** Public keys that it signs assertions with: it then authenticates with them (RFC 7523 §2.2). */
  readonly keys?: readonly ClientKey[];
  /** `grant_type` values that it may use; client credentials where they are left out. */
  readonly grants?: readonly string[];
  /** Patterns each of which a scope that it gets must have a match for. */
  readonly requiredScopes?: readonly string[];
  /** Audiences, besides the stage's own, that it may ask tokens for (RFC 8707). */
  readonly audiences?: readonly string[];
  readonly dpopBoundAccessTokens?: boolean;
  readonly mayIntrospect?: boolean;
  readonly scopes: readonly string[];
  readonly defaultScopes: readonly string[];
  /** Seconds that its tokens live, where that is not what the stage gives to its kind. */
  readonly tokenLifetime?: number;
  readonly claims: Readonly<Record<string, string>>;
}

export interface RegistrationContext {
  readonly clients: ClientStore;
  readonly accounts: AccountStore;
  /** `HashKeys.clientSecret` */
  readonly secretKey: () => Promise<KeyObject>;
  readonly clock: Clock;
}

export interface RegisteredClient {
  readonly client: Client;
  /** To be shown once: only its hash is kept. */
  readonly secret?: string;
}

/** Why a client is not registered. */
export interface RegistrationRefusal {
  readonly reason: 'mistake' | 'id_taken' | 'unknown_account' | 'full';
  /** For the operator: what is wrong, and what would be right. */
  readonly message: string;
}

const refusal = (reason: RegistrationRefusal['reason'], message: string) => failed({ reason, message });

/** Registers a client, or says what is wrong with what was asked for and what would be right. */
export async function registerClient(
  registration: ClientRegistration,
  { clients, accounts, secretKey, clock }: RegistrationContext,
): Promise<Result<RegisteredClient, RegistrationRefusal>> {
  const mistake = mistakeIn(registration);
  if (mistake !== undefined) return refusal('mistake', mistake);

  const { name, kind, account, scopes, defaultScopes, claims, tokenLifetime } = registration;
  const session = account !== undefined;
  const id = registration.clientId ?? (session ? makeApplicationId() : randomBytes(16).toString('hex'));
  const secret =
    registration.secret ?? (needsSecret(registration) ? makeClientSecret(registration) : undefined);
  const now = clock();
  const client: Client = {
    id,
    name,
    kind,
    ...(session && { account }),
    authenticationMethods: methodsOf(registration, secret !== undefined),
    keys: [...(registration.keys ?? [])],
    secrets: secret === undefined ? [] : [storedSecret(await secretKey(), id, secret, now)],
    grants: session ? [sessionGrantType] : [...(registration.grants ?? ['client_credentials'])],
    scopes: [...scopes],
    defaultScopes: [...defaultScopes],
    requiredScopes: [...(registration.requiredScopes ?? [])],
    audiences: [...(registration.audiences ?? [])],
    dpopBoundAccessTokens: registration.dpopBoundAccessTokens ?? false,
    mayIntrospect: registration.mayIntrospect ?? false,
    ...(tokenLifetime !== undefined && { tokenLifetime }),
    claims: { ...claims },
    status: 'enabled',
    // Tokens of a client that had this id before stay dead.
    tokensValidAfter: now - 1,
    createdAt: now,
    version: 1,
  };

  // The account's place first: a client without a place would be a key above the limit, a place without a
  // client is found and given back below.
  if (session) {
    const place = await takePlace(account, id, { clients, accounts, clock });
    if (!place.ok) return place;
  }
  if (!(await clients.create(client))) {
    if (session && (await clients.findNow(id))?.account !== account) {
      await accounts.removeSessionKey(account, id);
    }
    return refusal(
      'id_taken',
      `There is a client with the id ${id} already. Choose another id, or delete that client first.`,
    );
  }
  return ok({ client, ...(secret !== undefined && { secret }) });
}

/** Deletes a client and, of a session key, gives its place in the account back; false where there is none. */
export async function deleteClient(
  clientId: string,
  { clients, accounts }: Pick<RegistrationContext, 'clients' | 'accounts'>,
): Promise<boolean> {
  const client = await clients.findNow(clientId);
  if (!client || !(await clients.delete(clientId))) return false;
  if (client.account !== undefined) await accounts.removeSessionKey(client.account, clientId);
  return true;
}

type PlaceContext = Pick<RegistrationContext, 'clients' | 'accounts' | 'clock'>;

async function takePlace(
  account: string,
  clientId: string,
  context: PlaceContext,
): Promise<Result<undefined, RegistrationRefusal>> {
  const { accounts, clock } = context;
  let place = await accounts.addSessionKey(account, clientId, clock());
  if (place === 'full' && (await givePlacesBack(account, context))) {
    place = await accounts.addSessionKey(account, clientId, clock());
  }
  if (place === 'added') return ok(undefined);
  return refusal(
    place,
    place === 'full'
      ? `The account ${account} has ${maximumSessionKeys} session keys, which is the most there may be. Delete one first.`
      : `There is no account ${account}. Create it with: npx postern account create`,
  );
}

/** Seconds after which a place without a client was left by a registration that died, and is not under way. */
const registrationsEndWithin = 300;

/** Frees places whose client was never written, because who registered it died between the two writes. */
async function givePlacesBack(account: string, { clients, accounts, clock }: PlaceContext): Promise<boolean> {
  const places = Object.entries((await accounts.find(account))?.sessionKeys ?? {});
  let freed = false;
  for (const [id, takenAt] of places) {
    if (clock() - takenAt < registrationsEndWithin || (await clients.findNow(id))) continue;
    await accounts.removeSessionKey(account, id);
    freed = true;
  }
  return freed;
}

const needsSecret = ({ kind, withSecret, keys = [] }: ClientRegistration) =>
  (kind !== 'sales_channel' && keys.length === 0) || withSecret === true;

function methodsOf(
  { kind, account, keys = [] }: ClientRegistration,
  hasSecret: boolean,
): AuthenticationMethod[] {
  // Sessions are opened with Basic alone; tokens are revoked with either.
  if (account !== undefined) return ['client_secret_basic', 'client_secret_post'];
  return [
    ...(kind === 'sales_channel' ? (['none'] as const) : []),
    ...(hasSecret ? (['client_secret_basic', 'client_secret_post'] as const) : []),
    ...(keys.length > 0 ? (['private_key_jwt'] as const) : []),
  ];
}

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** `AQ` and eight more letters or digits, as application ids of EQP look. */
const makeApplicationId = () =>
  `AQ${Array.from({ length: 8 }, () => idAlphabet.charAt(randomInt(idAlphabet.length))).join('')}`;
