import { randomBytes, randomInt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { maximumSessionKeys } from './account.ts';
import type { AccountStore } from './account.ts';
import { newClientSecret } from './client-secret.ts';
import type { ClientStore } from './client-store.ts';
import { clientCredentialsGrantType, newTokenGeneration, sessionGrantType } from './client.ts';
import type { AuthenticationMethod, Client } from './client.ts';
import { keysUnderFapi } from './fapi.ts';
import { registrationProblem } from './registration-rules.ts';
import type { ClientRegistration, RegistrationProblem, StageRules } from './registration-rules.ts';
import type { SubjectStore } from './subject.ts';

export interface Registry extends StageRules {
  readonly clients: ClientStore;
  readonly accounts: AccountStore;
  readonly subjects: SubjectStore;
  /** `HashKeys.clientSecret` */
  readonly secretHashKey: () => Promise<KeyObject>;
  readonly clock: Clock;
}

export interface RegisteredClient {
  readonly client: Client;
  /** To be shown once: only its hash is stored. */
  readonly secret?: string;
}

/** Why a client was not registered. */
export interface RegistrationFailure extends RegistrationProblem {
  readonly reason: 'invalid' | 'id_taken' | 'unknown_account' | 'full';
}

/** Registers a client, or returns what is wrong with its registration. */
export async function registerClient(
  registration: ClientRegistration,
  registry: Registry,
): Promise<Result<RegisteredClient, RegistrationFailure>> {
  const problem = registrationProblem(registration, registry);
  if (problem) return failed({ reason: 'invalid', ...problem });

  const { clients, accounts, subjects, secretHashKey, clock } = registry;
  const { account, secret: imported } = registration;
  const id = registration.clientId ?? generateClientId(registration);
  const now = clock();
  const hasSecret = imported !== undefined || needsSecret(registration);
  const { secret, stored } = hasSecret
    ? newClientSecret(await secretHashKey(), { id, ...(account !== undefined && { account }) }, now, imported)
    : {};
  const client = newClient(id, registration, stored ? [stored] : [], now);

  // The place comes first. A client without a place would be a session key above the limit, whereas a place without
  // a client is found and freed by `freeAbandonedPlaces`.
  if (account !== undefined) {
    const place = await takePlace(account, id, registry);
    if (!place.ok) return place;
  }
  // The read also finds accounts that were created before ids were claimed.
  if ((await accounts.find(id)) || !(await subjects.claim(id, 'client'))) {
    if (account !== undefined) await accounts.removeSessionKey(account, id);
    return failed({
      reason: 'id_taken',
      field: 'clientId',
      problem: `is taken: there is an account with the mage_id ${id}, and no one may take its sessions for tokens of a client. Choose another id`,
    });
  }
  if (await clients.create(client)) return ok({ client, ...(secret !== undefined && { secret }) });
  if (account !== undefined && (await clients.findNow(id))?.account !== account) {
    await accounts.removeSessionKey(account, id);
  }
  return failed({
    reason: 'id_taken',
    field: 'clientId',
    problem: `is taken: there is a client ${id} already. Choose another id, or delete that client first`,
  });
}

/** The record of a client that is about to be registered. */
function newClient(
  id: string,
  registration: ClientRegistration,
  secrets: Client['secrets'],
  now: number,
): Client {
  const { name, kind, account, tokenLifetime, fapi = false } = registration;
  const {
    keys = [],
    grants = [clientCredentialsGrantType],
    requiredScopes = [],
    subjects = [],
    audiences = [],
    allowedOrigins = [],
  } = registration;
  return {
    id,
    name,
    kind,
    ...(account !== undefined && { account }),
    authenticationMethods: methodsOf(registration, secrets.length > 0),
    keys: [...((fapi ? keysUnderFapi(keys) : undefined) ?? keys)],
    secrets,
    grants: account === undefined ? [...grants] : [sessionGrantType],
    scopes: [...registration.scopes],
    defaultScopes: [...registration.defaultScopes],
    requiredScopes: [...requiredScopes],
    subjects: [...subjects],
    audiences: [...audiences],
    allowedOrigins: [...allowedOrigins],
    // FAPI 2.0 Security Profile §5.3.2.1: sender-constrained tokens
    dpopBoundAccessTokens: fapi || (registration.dpopBoundAccessTokens ?? false),
    fapi,
    mayIntrospect: registration.mayIntrospect ?? false,
    ...(tokenLifetime !== undefined && { tokenLifetime }),
    claims: { ...registration.claims },
    status: 'enabled',
    // Tokens of a deleted client that had this id stay revoked.
    tokenGeneration: newTokenGeneration(),
    createdAt: now,
    version: 1,
  };
}

async function takePlace(
  account: string,
  clientId: string,
  registry: Registry,
): Promise<Result<undefined, RegistrationFailure>> {
  const { accounts, clock } = registry;
  let place = await accounts.addSessionKey(account, clientId, clock());
  if (place === 'full' && (await freeAbandonedPlaces(account, registry))) {
    place = await accounts.addSessionKey(account, clientId, clock());
  }
  if (place === 'added') return ok(undefined);
  const problem =
    place === 'full'
      ? `has ${maximumSessionKeys} session keys, which is the maximum. Delete one first`
      : `is unknown: there is no account ${account}`;
  return failed({ reason: place, field: 'account', problem });
}

/** Seconds after which a place without a client is abandoned: its registration failed and is not in progress. */
const abandonedAfter = 300;

/** Frees places whose client was never written because the registration failed between the two writes. */
async function freeAbandonedPlaces(
  account: string,
  { clients, accounts, clock }: Registry,
): Promise<boolean> {
  const places = Object.entries((await accounts.find(account))?.sessionKeys ?? {});
  let freed = false;
  for (const [id, takenAt] of places) {
    if (clock() - takenAt < abandonedAfter || (await clients.findNow(id))) continue;
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
  // Sessions are opened with Basic only; tokens are revoked with either method.
  if (account !== undefined) return ['client_secret_basic', 'client_secret_post'];
  return [
    ...(kind === 'sales_channel' ? (['none'] as const) : []),
    ...(hasSecret ? (['client_secret_basic', 'client_secret_post'] as const) : []),
    ...(keys.length > 0 ? (['private_key_jwt'] as const) : []),
  ];
}

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** 128 bits as hex digits. For a session key `AQ` and eight letters or digits, the form of EQP's application ids. */
const generateClientId = ({ account }: Pick<ClientRegistration, 'account'>): string =>
  account === undefined
    ? randomBytes(16).toString('hex')
    : `AQ${Array.from({ length: 8 }, () => idAlphabet.charAt(randomInt(idAlphabet.length))).join('')}`;
