import { randomBytes, randomInt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { AccountStore } from '../storage/account-store.ts';
import type { ClientStore } from '../storage/client-store.ts';
import { hashClientSecret } from './client-secret.ts';
import type { AuthenticationMethod, Client, ClientKind, ClientSecret } from './client.ts';
import { grants } from './grants.ts';
import { covers } from './scope.ts';
import { sessionGrantType } from './session-grant.ts';

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
  /** Whether a sales channel gets a secret; all others do. */
  readonly withSecret?: boolean;
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

/** Registers a client, or says what is wrong with what the operator asked for and what would be right. */
export async function registerClient(
  registration: ClientRegistration,
  { clients, accounts, secretKey, clock }: RegistrationContext,
): Promise<Result<RegisteredClient, string>> {
  const mistake = mistakeIn(registration);
  if (mistake !== undefined) return failed(mistake);

  const { name, kind, account, scopes, defaultScopes, claims, tokenLifetime } = registration;
  const session = account !== undefined;
  const id = registration.clientId ?? (session ? makeApplicationId() : randomBytes(16).toString('hex'));
  const secret = registration.secret ?? (needsSecret(registration) ? makeSecret(session) : undefined);
  const now = clock();
  const client: Client = {
    id,
    name,
    kind,
    ...(session && { account }),
    authenticationMethods: methodsOf(registration, secret !== undefined),
    secrets: secret === undefined ? [] : [storedSecret(await secretKey(), id, secret, now)],
    grants: session ? [sessionGrantType] : Object.keys(grants),
    scopes: [...scopes],
    defaultScopes: [...defaultScopes],
    ...(tokenLifetime !== undefined && { tokenLifetime }),
    claims: { ...claims },
    status: 'enabled',
    tokensValidAfter: 0,
    createdAt: now,
    version: 1,
  };

  // The account's place first: a client without a place would be a key above the limit, a place without a
  // client is found and given back below.
  if (session) {
    const place = await takePlace(account, id, { clients, accounts });
    if (!place.ok) return place;
  }
  if (!(await clients.create(client))) {
    if (session && (await clients.findNow(id))?.account !== account)
      await accounts.removeSessionKey(account, id);
    return failed(
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

async function takePlace(
  account: string,
  clientId: string,
  { clients, accounts }: Pick<RegistrationContext, 'clients' | 'accounts'>,
): Promise<Result<undefined, string>> {
  let place = await accounts.addSessionKey(account, clientId);
  if (place === 'full' && (await givePlacesBack(account, { clients, accounts }))) {
    place = await accounts.addSessionKey(account, clientId);
  }
  if (place === 'added') return ok(undefined);
  return failed(
    place === 'full'
      ? `The account ${account} has 3 session keys, which is the most there may be. Delete one first.`
      : `There is no account ${account}. Create it with: postern account create`,
  );
}

/** Frees places whose client was never written, because who registered it died between the two writes. */
async function givePlacesBack(
  account: string,
  { clients, accounts }: Pick<RegistrationContext, 'clients' | 'accounts'>,
): Promise<boolean> {
  const places = (await accounts.find(account))?.sessionKeys ?? [];
  const found = await Promise.all(places.map((id) => clients.findNow(id)));
  const empty = places.filter((_, index) => !found[index]);
  for (const id of empty) await accounts.removeSessionKey(account, id);
  return empty.length > 0;
}

const needsSecret = ({ kind, withSecret }: ClientRegistration) =>
  kind !== 'sales_channel' || withSecret === true;

function methodsOf({ kind, account }: ClientRegistration, hasSecret: boolean): AuthenticationMethod[] {
  if (account !== undefined) return ['client_secret_basic'];
  const withSecret: AuthenticationMethod[] = hasSecret ? ['client_secret_basic', 'client_secret_post'] : [];
  return kind === 'sales_channel' ? ['none', ...withSecret] : withSecret;
}

export function storedSecret(key: KeyObject, clientId: string, secret: string, now: number): ClientSecret {
  return {
    id: randomBytes(4).toString('hex'),
    hash: hashClientSecret(key, clientId, secret).toString('base64url'),
    createdAt: now,
  };
}

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** `AQ` and eight more letters or digits, as application ids of EQP look. */
const makeApplicationId = () =>
  `AQ${Array.from({ length: 8 }, () => idAlphabet.charAt(randomInt(idAlphabet.length))).join('')}`;

/** 256 bits as 64 hex digits; of a session key 160 bits as 40, the form that programs of EQP expect. */
const makeSecret = (session: boolean) => randomBytes(session ? 20 : 32).toString('hex');

/** Claims that we state ourselves, or that an authorizer passes on with a meaning of its own. */
const reservedClaims = new Set(
  'iss aud sub client_id scope iat nbf exp jti cnf act application organization market owner test rand account error required_scope'.split(
    ' ',
  ),
);

/** Bits that an imported secret must have. */
const minimumSecretBits = 128;

function mistakeIn(registration: ClientRegistration): string | undefined {
  const { name, kind, account, clientId, secret, scopes, defaultScopes, claims, tokenLifetime } =
    registration;
  if (!/^[^\p{C}]{1,100}$/u.test(name)) return 'The name must have 1 to 100 characters, on one line.';
  if (clientId !== undefined && !/^[\x21\x23-\x39\x3B-\x5B\x5D-\x7E]{1,128}$/.test(clientId)) {
    return 'A client id must have 1 to 128 characters of printable ASCII, without space, colon, quote or backslash.';
  }
  if (secret !== undefined) {
    if (!/^[\x20-\x7E]+$/.test(secret)) return 'The secret must be printable ASCII, on one line.';
    const bits = Math.floor(secretBits(secret));
    if (bits < minimumSecretBits) {
      return `The secret is too easy to guess: ${secret.length} characters of its kind have ${bits} bits of entropy at most, and ${minimumSecretBits} are needed. Make a new one instead: leave out --secret-stdin.`;
    }
  }
  if (account !== undefined) {
    if (kind !== 'integration') return 'A session key is of the kind integration.';
    if (scopes.length > 0 || defaultScopes.length > 0)
      return 'A session key has no scopes: leave out --scope.';
  } else if (scopes.length === 0) {
    return 'A client without a scope could never get a token: name at least one with --scope.';
  }
  const badScope = [...scopes, ...defaultScopes].find(
    (scope) => !/^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/.test(scope),
  );
  if (badScope !== undefined) return 'A scope must be printable ASCII without space, quote or backslash.';
  if (scopes.some((scope) => scope.slice(0, -1).includes('*'))) {
    return 'In a scope * may only be the last character, as in market:id:*';
  }
  for (const scope of defaultScopes) {
    if (scope.includes('*')) return `A default scope must be exact, and ${scope} is not.`;
    if (!scopes.some((allowed) => covers(allowed, scope))) {
      return `The default scope ${scope} is not among the scopes of the client: add --scope ${scope}`;
    }
  }
  if (tokenLifetime !== undefined && (!Number.isSafeInteger(tokenLifetime) || tokenLifetime < 1)) {
    return 'The token lifetime must be a whole number of seconds above 0.';
  }
  const reserved = Object.keys(claims).find((claim) => reservedClaims.has(claim));
  if (reserved !== undefined) return `The claim ${reserved} is stated by the server: choose another name.`;
  return undefined;
}

/** Bits of entropy that a secret of this length has at most, by the narrowest alphabet that holds it. */
function secretBits(secret: string): number {
  const alphabets: readonly [RegExp, number][] = [
    [/^\d*$/, 10],
    [/^[\da-f]*$/i, 16],
    [/^[\da-z]*$|^[\dA-Z]*$/, 36],
    [/^[\w.-]*$/, 64],
  ];
  const size = alphabets.find(([form]) => form.test(secret))?.[1] ?? 95;
  return secret.length * Math.log2(size);
}
