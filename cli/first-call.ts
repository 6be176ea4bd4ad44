import {
  clientCredentialsGrantType,
  jwtBearerGrantType,
  sessionGrantType,
  tokenExchangeGrantType,
} from '../src/clients/client.ts';
import type { Client } from '../src/clients/client.ts';
import { shellWord } from './layout.ts';

/** What a grant asks for besides the client and the scope; the shell variables are the partner's to fill. */
const grantParameters: readonly (readonly [string, string])[] = [
  [clientCredentialsGrantType, ''],
  [jwtBearerGrantType, ' --data-urlencode "assertion=$ASSERTION"'],
  [
    tokenExchangeGrantType,
    ' --data-urlencode "subject_token=$TOKEN" -d subject_token_type=urn:ietf:params:oauth:token-type:access_token',
  ],
];

/** A curl line that gets the client its first token. The secret is not in it: curl asks for it. */
export function firstCall(client: Client, url: string): string {
  if (client.account !== undefined) {
    const body = JSON.stringify({ grant_type: sessionGrantType });
    return `curl -u ${shellWord(client.id)} -H 'content-type: application/json' -d '${body}' ${url}/rest/v1/app/session/token`;
  }
  const [scope] = client.defaultScopes.length > 0 ? [] : client.scopes;
  const asked = scope === undefined ? '' : ` --data-urlencode ${shellWord(`scope=${exact(scope)}`)}`;
  const [grant, parameters] =
    grantParameters.find(([name]) => client.grants.includes(name)) ?? grantParameters[0] ?? [];
  const proof = client.dpopBoundAccessTokens ? ' -H "DPoP: $PROOF"' : '';
  return `curl ${credentials(client)} -d grant_type=${grant}${parameters}${asked}${proof} ${url}/oauth/token`;
}

function credentials({ id, secrets, keys }: Client): string {
  if (secrets.length > 0) return `-u ${shellWord(id)}`;
  const named = `-d ${shellWord(`client_id=${id}`)}`;
  if (keys.length === 0) return named;
  // RFC 7523 §2.2
  return `${named} -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer --data-urlencode "client_assertion=$CLIENT_ASSERTION"`;
}

/** A scope that the prefix allows. */
const exact = (scope: string) => scope.replace(/\*$/, '1');
