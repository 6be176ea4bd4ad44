import type { Client } from '../src/oauth/client.ts';
import { fields, isoDate } from './layout.ts';

/** A client for programs: all but the hashes of its secrets. */
export const clientJson = (client: Client) => ({
  clientId: client.id,
  name: client.name,
  kind: client.kind,
  ...(client.account !== undefined && { mageId: client.account }),
  status: client.status,
  authenticationMethods: client.authenticationMethods,
  grants: client.grants,
  scopes: client.scopes,
  defaultScopes: client.defaultScopes,
  ...(client.tokenLifetime !== undefined && { tokenLifetime: client.tokenLifetime }),
  claims: client.claims,
  secrets: client.secrets.map(({ id, createdAt, expiresAt }) => ({
    id,
    createdAt: isoDate(createdAt),
    ...(expiresAt !== undefined && { expiresAt: isoDate(expiresAt) }),
  })),
  ...(client.tokensValidAfter > 0 && { tokensValidAfter: isoDate(client.tokensValidAfter) }),
  createdAt: isoDate(client.createdAt),
});

/** A client for people: all but the hashes of its secrets. */
export const clientText = (client: Client): string =>
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
    'token lifetime':
      client.tokenLifetime === undefined ? 'as the stage has it' : `${client.tokenLifetime} s`,
    claims: Object.entries(client.claims)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
    secrets:
      client.secrets
        .map(({ id, createdAt, expiresAt }) => {
          const end = expiresAt === undefined ? '' : `, until ${isoDate(expiresAt)}`;
          return `${id} of ${isoDate(createdAt)}${end}`;
        })
        .join('; ') || 'none',
    'tokens void':
      client.tokensValidAfter > 0 ? `of ${isoDate(client.tokensValidAfter)} and before` : undefined,
    created: isoDate(client.createdAt),
  });
