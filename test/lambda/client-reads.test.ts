import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, jest, test } from '@jest/globals';
import * as v from 'valibot';
import { afterThisFile } from '../after-this-test.ts';
import { basic } from '../flows/wire.ts';
import { httpEvent, startFunction, startFunctionServices } from './functions.ts';

const services = await startFunctionServices();
afterThisFile(() => services.close());

const { client, secret = '' } = await services.register({
  scopes: ['a'],
  defaultScopes: ['a'],
  grants: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  mayIntrospect: true,
});
const authorization = basic(client.id, secret);
const sessionKey = await services.register({ account: await services.registerAccount('MAG1') });
const sessionAuthorization = basic(sessionKey.client.id, sessionKey.secret ?? '');

const functions = {
  token: await startFunction('token'),
  sessionToken: await startFunction('session-token'),
  revoke: await startFunction('revoke'),
  introspect: await startFunction('introspect'),
  authorizer: await startFunction('authorizer'),
};
const tokenRequest = httpEvent('/oauth/token', authorization, { grant_type: 'client_credentials' });
const sessionRequest = httpEvent('/rest/v1/app/session/token', sessionAuthorization, {
  grant_type: 'session',
});
const stringMember = (name: string, json = '') => v.parse(v.looseObject({}), JSON.parse(json))[name];
const accessToken = String(stringMember('access_token', (await functions.token(tokenRequest)).body));
const sessionToken = String(stringMember('ust', (await functions.sessionToken(sessionRequest)).body));

/** How each read of a client record during `work` was made. */
async function clientReads(work: () => Promise<unknown>): Promise<string[]> {
  const send = jest.spyOn(DynamoDBClient.prototype, 'send');
  try {
    await work();
    return send.mock.calls.flatMap(([command]) => {
      const reads =
        command instanceof GetItemCommand
          ? [{ Keys: [command.input.Key], ConsistentRead: command.input.ConsistentRead }]
          : command instanceof BatchGetItemCommand
            ? Object.values(command.input.RequestItems ?? {})
            : [];
      return reads.flatMap(({ Keys = [], ConsistentRead = false }) =>
        Keys.filter((key) => key?.['pk']?.S?.startsWith('client#')).map(() =>
          ConsistentRead ? 'strongly consistent' : 'eventually consistent',
        ),
      );
    });
  } finally {
    send.mockRestore();
  }
}

/**
 * An older record would give a client a token of a generation that is revoked already, and a disabled client a token.
 * What revokes a token must never be missed either.
 */
const authentication = 'strongly consistent';
const verification = 'strongly consistent';

const protectedCall = (token: string) => ({
  ...httpEvent('/orders', `Bearer ${token}`),
  routeKey: 'GET /orders',
});

describe('reads of client records by the', () => {
  test.each([
    ['token endpoint', () => functions.token(tokenRequest), [authentication]],
    [
      'token endpoint, for a token exchange',
      () =>
        functions.token(
          httpEvent('/oauth/token', authorization, {
            grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
            subject_token: accessToken,
            subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          }),
        ),
      [authentication, verification],
    ],
    ['session endpoint', () => functions.sessionToken(sessionRequest), [authentication]],
    [
      'revocation endpoint, for an unknown token',
      () => functions.revoke(httpEvent('/oauth/revoke', authorization, { token: 'a.b.c' })),
      [authentication],
    ],
    [
      'introspection endpoint, for an access token',
      () => functions.introspect(httpEvent('/oauth/introspect', authorization, { token: accessToken })),
      [authentication, verification],
    ],
    [
      'introspection endpoint, for a session token',
      () => functions.introspect(httpEvent('/oauth/introspect', authorization, { token: sessionToken })),
      [authentication, verification],
    ],
    [
      'authorizer, for an access token',
      () => functions.authorizer(protectedCall(accessToken)),
      [verification],
    ],
    [
      'authorizer, for a session token',
      () => functions.authorizer(protectedCall(sessionToken)),
      [verification],
    ],
    [
      'revocation endpoint, for an access token',
      () => functions.revoke(httpEvent('/oauth/revoke', authorization, { token: accessToken })),
      [authentication],
    ],
    [
      'revocation endpoint, for a session token',
      () => functions.revoke(httpEvent('/oauth/revoke', sessionAuthorization, { token: sessionToken })),
      [authentication],
    ],
  ])('%s', async (_endpoint, work, expected) => {
    expect(await clientReads(work)).toStrictEqual(expected);
  });
});
