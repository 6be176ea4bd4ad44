import type { TestContext } from 'node:test';
import type { Authorizer } from '../../local/api-gateway/authorizer.ts';
import { httpApi } from '../../local/api-gateway/http-api.ts';
import type { Functions } from '../../local/lambda/functions.ts';
import { fixtureArn } from './fixture-function.ts';

interface AuthorizedApi {
  readonly functions: Functions;
  readonly authorizer: Authorizer;
  readonly scopes?: readonly string[];
}

/** An API with `GET /things/{id}` and `GET /others` behind an authorizer; both return their event. */
export async function authorizedApi(t: TestContext, { functions, authorizer, scopes = [] }: AuthorizedApi) {
  const api = httpApi('abcdefghij', functions.invoke);
  await api.listen(0);
  t.after(() => api.close());
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
