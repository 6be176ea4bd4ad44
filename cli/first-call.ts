import { sessionGrantType } from '../src/oauth/session-grant.ts';
import type { Client } from '../src/oauth/client.ts';
import { shellWord } from './layout.ts';

/** A curl line that gets the client its first token. The secret is not in it: curl asks for it. */
export function firstCall(client: Client, url: string): string {
  const id = shellWord(client.id);
  if (client.account !== undefined) {
    const body = JSON.stringify({ grant_type: sessionGrantType });
    return `curl -u ${id} -H 'content-type: application/json' -d '${body}' ${url}/rest/v1/app/session/token`;
  }
  const who = client.secrets.length > 0 ? `-u ${id}` : `-d ${shellWord(`client_id=${client.id}`)}`;
  const [scope] = client.defaultScopes.length > 0 ? [] : client.scopes;
  const asked = scope === undefined ? '' : ` --data-urlencode ${shellWord(`scope=${exact(scope)}`)}`;
  return `curl ${who} -d grant_type=client_credentials${asked} ${url}/oauth/token`;
}

/** A scope that the prefix allows. */
const exact = (scope: string) => scope.replace(/\*$/, '1');
