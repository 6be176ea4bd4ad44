import type { Authorizer } from '../../local/api-gateway/authorizer.ts';
import { httpApi } from '../../local/api-gateway/http-api.ts';
import type { Functions } from '../../local/lambda/functions.ts';
import { afterThisTest } from '../after-this-test.ts';
import type { RegisterCleanup } from '../after-this-test.ts';
import { fixtureArn } from './fixture-function.ts';

interface AuthorizedApi {
  readonly functions: Functions;
  readonly authorizer: Authorizer;
  readonly scopes?: readonly string[];
  readonly cleanUp?: RegisterCleanup;
}

/** An API with `GET /things/{id}` and `GET /others` behind an authorizer; both return their event. */
export async function authorizedApi({
  functions,
  authorizer,
  scopes = [],
  cleanUp = afterThisTest,
}: AuthorizedApi) {
  const api = httpApi('abcdefghij', functions.invoke);
  await api.listen(0);
  cleanUp(() => api.close());
  for (const routeKey of ['GET /things/{id}', 'GET /others']) {
    api.addRoute({ routeKey, integration: { functionArn: fixtureArn('echo') }, authorizer, scopes });
  }
  api.deploy();
  return async (path: string, authorization?: string) => {
    const response = await fetch(
      api.endpoint + path,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      body: Object(await response.json()),
    };
  };
}

export const echo = `export const handler = async (event) => event;`;
