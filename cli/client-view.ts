import type { Client } from '../src/clients/client.ts';
import { fields } from './arguments/columns.ts';
import { isoDate, isoHour } from './iso-date.ts';
import type { Stage } from './stage.ts';

/** When each secret was last used, by its id; undefined if it never was. */
export type LastUses = ReadonlyMap<string, number | undefined>;

/** A client for programs: all but the hashes of its secrets. */
export const clientJson = (client: Client, lastUses?: LastUses) => ({
  clientId: client.id,
  name: client.name,
  kind: client.kind,
  ...(client.account !== undefined && { mageId: client.account }),
  status: client.status,
  authenticationMethods: client.authenticationMethods,
  grants: client.grants,
  scopes: client.scopes,
  defaultScopes: client.defaultScopes,
  requiredScopes: client.requiredScopes,
  subjects: client.subjects,
  audiences: client.audiences,
  allowedOrigins: client.allowedOrigins,
  dpopBoundAccessTokens: client.dpopBoundAccessTokens,
  mayIntrospect: client.mayIntrospect,
  ...(client.tokenLifetime !== undefined && { tokenLifetime: client.tokenLifetime }),
  claims: client.claims,
  secrets: client.secrets.map(({ id, createdAt, expiresAt }) => ({
    id,
    createdAt: isoDate(createdAt),
    ...(expiresAt !== undefined && { expiresAt: isoDate(expiresAt) }),
    ...(lastUses && { lastUsedAt: hourOf(lastUses.get(id)) ?? null }),
  })),
  fapi: client.fapi,
  keys: client.keys.map(({ kid, algorithms }) => ({ kid, algorithms })),
  tokenGeneration: client.tokenGeneration,
  createdAt: isoDate(client.createdAt),
});

/** A client for people: all but the hashes of its secrets. */
export const clientText = (client: Client, lastUses?: LastUses): string =>
  fields({
    client_id: client.id,
    name: client.name,
    kind: client.kind,
    mage_id: client.account,
    status: client.status,
    methods: client.authenticationMethods.join(' '),
    grants: client.grants.join(' '),
    scopes: client.scopes.join(' '),
    'default scopes': client.defaultScopes.join(' '),
    'required scopes': client.requiredScopes.join(' '),
    subjects: client.subjects.join(' '),
    audiences: client.audiences.join(' '),
    'allowed origins': client.allowedOrigins.join(' '),
    DPoP: client.dpopBoundAccessTokens ? 'its tokens are bound to a key that it holds' : undefined,
    FAPI: client.fapi ? 'its keys, its assertions and its tokens are held to FAPI 2.0' : undefined,
    introspection: client.mayIntrospect ? 'it may introspect tokens' : undefined,
    'token lifetime': client.tokenLifetime === undefined ? 'that of the stage' : `${client.tokenLifetime} s`,
    claims: Object.entries(client.claims)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    secrets:
      client.secrets.length === 0
        ? 'none'
        : client.secrets.map(({ id, createdAt, expiresAt }) => {
            const end = expiresAt === undefined ? '' : `, until ${isoDate(expiresAt)}`;
            return `${id} of ${isoDate(createdAt)}${end}${lastUses ? `, last used ${used(lastUses.get(id))}` : ''}`;
          }),
    keys: keyLines(client),
    created: isoDate(client.createdAt),
  });

/** The keys of a client, a line for each. */
export const keyLines = ({ keys }: Client): string[] =>
  keys.map(({ kid, algorithms }) => `${kid} for ${algorithms.join(' or ')}`);

const hourOf = (lastUse: number | undefined) => (lastUse === undefined ? undefined : isoHour(lastUse));

/** Uses are recorded to the hour. */
const used = (lastUse: number | undefined) =>
  lastUse === undefined ? 'never' : `${isoHour(lastUse)}, to the hour`;

/** When the tokens of a client are refused that is disabled or deleted, or whose tokens are revoked. */
export function tokensRefusedText(client: Client, stage: Stage): string {
  if (client.account !== undefined) return sessionsRefusedText(stage);
  return `The Lambda authorizer refuses its access tokens ${refusal(stage)}. API Gateway's own JWT authorizer, which does not check, accepts a JWT until it expires.`;
}

/** When the session tokens of a session key or an account are refused. */
export const sessionsRefusedText = (stage: Stage): string =>
  `The Lambda authorizer refuses its session tokens ${refusal(stage)}.`;

function refusal({ record: { authorizerCacheSeconds: delay } }: Stage): string {
  return delay === 0
    ? 'at once, and so does introspection'
    : `within ${delay} seconds, introspection at once`;
}
