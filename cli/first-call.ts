import {
  clientCredentialsGrantType,
  jwtBearerGrantType,
  sessionGrantType,
  tokenExchangeGrantType,
} from '../src/clients/client.ts';
import type { Client } from '../src/clients/client.ts';
import { shellWord } from './arguments/printable.ts';

/** The parameters of each grant besides the client and the scope. The partner sets the shell variables. */
const grantParameters: readonly (readonly [string, string])[] = [
  [clientCredentialsGrantType, ''],
  [jwtBearerGrantType, ' --data-urlencode "assertion=$ASSERTION"'],
  [
    tokenExchangeGrantType,
    ' --data-urlencode "subject_token=$TOKEN" -d subject_token_type=urn:ietf:params:oauth:token-type:access_token',
  ],
];

/** A curl line with which the client gets its first token. It contains no secret: curl asks for it. */
export function firstCall(client: Client, url: string): string {
  if (client.account !== undefined) {
    const body = JSON.stringify({ grant_type: sessionGrantType });
    return `curl -u ${shellWord(client.id)} -H 'content-type: application/json' -d '${body}' ${url}/rest/v1/app/session/token`;
  }
  const [scope] = client.defaultScopes.length > 0 ? [] : client.scopes;
  const scopeParameter =
    scope === undefined ? '' : ` --data-urlencode ${shellWord(`scope=${exampleScope(scope)}`)}`;
  const [grant, parameters] =
    grantParameters.find(([name]) => client.grants.includes(name)) ?? grantParameters[0] ?? [];
  const proof = client.dpopBoundAccessTokens ? ' -H "DPoP: $PROOF"' : '';
  return `curl ${credentials(client, grant)} -d grant_type=${grant}${parameters}${scopeParameter}${proof} ${url}/oauth/token`;
}

function credentials({ id, secrets, keys, fapi }: Client, grant: string | undefined): string {
  if (secrets.length > 0) return `-u ${shellWord(id)}`;
  const named = `-d ${shellWord(`client_id=${id}`)}`;
  // RFC 7521 §4.1: the assertion of the grant is enough.
  const needNotAuthenticate = grant === jwtBearerGrantType && !fapi;
  if (keys.length === 0 || needNotAuthenticate) return named;
  // RFC 7523 §2.2
  return `${named} -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer --data-urlencode "client_assertion=$CLIENT_ASSERTION"`;
}

/** A scope that the pattern matches. */
const exampleScope = (scope: string) => scope.replace(/\*$/, '1');
