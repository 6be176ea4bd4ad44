import { describe, expect, test } from '@jest/globals';
import { httpApi } from '../../local/api-gateway/http-api.ts';
import { responseMapping } from '../../local/api-gateway/response-parameters.ts';
import type { ResponseParameter } from '../../local/api-gateway/response-parameters.ts';
import { afterThisTest } from '../after-this-test.ts';
import { fixtureArn, fixtureFunctions } from './fixture-function.ts';

const result = `{
  statusCode: 401,
  headers: { 'content-type': 'application/json', 'X-Own': 'mine', 'www-authenticate': 'Bearer' },
  body: '{"error":"invalid_token","more":{"id":7}}',
}`;

/** The response to `GET /things/1`, whose integration has these parameters for the status 401. */
async function mapped(
  parameters: readonly ResponseParameter[],
  { remapChallenges = false, status = '401' } = {},
) {
  const { invoke } = fixtureFunctions({ fixed: `export const handler = async () => (${result});` });
  const api = httpApi('abcdefghij', invoke, { remapChallenges });
  await api.listen(0);
  afterThisTest(() => api.close());
  api.addRoute({
    routeKey: 'GET /things/{id}',
    integration: { functionArn: fixtureArn('fixed'), mapResponse: responseMapping({ [status]: parameters }) },
    authorizer: undefined,
    scopes: [],
  });
  api.deploy();
  return fetch(`${api.endpoint}/things/1`, { headers: { 'user-agent': 'tester' } });
}

describe('response parameter', () => {
  test.each([
    ['append:header.x-own', 'more', 'x-own', 'mine,more'],
    ['append:header.x-new', 'first', 'x-new', 'first'],
    ['overwrite:header.X-Own', 'other', 'x-own', 'other'],
    ['overwrite:header.x-new', '$response.header.x-own', 'x-new', 'mine'],
    ['overwrite:header.www-authenticate', '$response.header.X-Own', 'www-authenticate', 'mine'],
    ['overwrite:header.x-new', '$response.body.error', 'x-new', 'invalid_token'],
    ['overwrite:header.x-new', '$response.body.more', 'x-new', '{"id":7}'],
    ['overwrite:header.x-new', '$response.body.more.id', 'x-new', '7'],
    ['overwrite:header.x-new', '$context.routeKey', 'x-new', 'GET /things/{id}'],
    ['overwrite:header.x-new', '$context.identity.userAgent', 'x-new', 'tester'],
    ['overwrite:header.x-new', '${context.httpMethod} ${response.header.x-own}!', 'x-new', 'GET mine!'],
    ['remove:header.x-own', "''", 'x-own', null],
    ['overwrite:header.x-own', '$response.header.absent', 'x-own', 'mine'],
    ['overwrite:header.x-new', '${response.body.absent.id}', 'x-new', null],
  ])('%s from %s', async (destination, source, header, expected) => {
    const { headers } = await mapped([{ destination, source }]);
    expect(headers.get(header)).toBe(expected);
  });

  test('overwrites the status', async () => {
    const response = await mapped([{ destination: 'overwrite:statuscode', source: '403' }]);
    expect([response.status, await response.json()]).toStrictEqual([
      403,
      { error: 'invalid_token', more: { id: 7 } },
    ]);
  });

  test('takes effect after those before it, each with values of the response as it was', async () => {
    const { headers } = await mapped([
      { destination: 'overwrite:header.x-new', source: '$response.header.x-own' },
      { destination: 'remove:header.x-own', source: '' },
      { destination: 'append:header.x-new', source: '$response.header.x-own' },
    ]);
    expect([headers.get('x-new'), headers.get('x-own')]).toStrictEqual(['mine,mine', null]);
  });

  test('has no effect on a response with another status', async () => {
    const { headers } = await mapped([{ destination: 'remove:header.x-own', source: '' }], { status: '403' });
    expect(headers.get('x-own')).toBe('mine');
  });

  test.each([
    ['overwrite:header.authorization', 'x', /reserved/],
    ['append:header.Access-Control-Allow-Origin', '*', /reserved/],
    ['remove:header.x-amzn-remapped-www-authenticate', '', /reserved/],
    ['replace:header.x-own', 'x', /not known locally/],
    ['overwrite:path', 'x', /not known locally/],
    ['overwrite:header.x', '$request.header.a', /not known locally/],
    ['overwrite:header.x', '$context.authorizer.error', /not known locally/],
    ['overwrite:header.x', '$stageVariables.a', /not known locally/],
  ])('%s from %s is refused when it is created', (destination, source, message) => {
    expect(() => responseMapping({ '401': [{ destination, source }] })).toThrow(message);
  });
});

describe('challenge that is renamed', () => {
  test('reaches the client under the other name', async () => {
    const { headers } = await mapped([], { remapChallenges: true });
    expect(headers.get('www-authenticate')).toBeNull();
    expect(headers.get('x-amzn-remapped-www-authenticate')).toBe('Bearer');
  });

  test('is restored by a mapping from another header', async () => {
    const restore = { destination: 'overwrite:header.www-authenticate', source: '$response.header.x-own' };
    const { headers } = await mapped([restore], { remapChallenges: true });
    expect(headers.get('www-authenticate')).toBe('mine');
  });
});
