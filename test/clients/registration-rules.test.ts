import { describe, expect, test } from '@jest/globals';
import { jwtBearerGrantType } from '../../src/clients/client.ts';
import { registrationProblem } from '../../src/clients/registration-rules.ts';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import { reservedContextMembers } from '../../src/http/authorizer-context.ts';
import { partnerKey } from '../oauth/client-keys.ts';

const { publicKey: key } = await partnerKey();
const integration: ClientRegistration = {
  name: 'Orders of a partner',
  kind: 'integration',
  scopes: ['orders:read', 'market:id:*'],
  defaultScopes: ['orders:read'],
  claims: {},
};
const sessionKey: ClientRegistration = {
  name: 'Session key of a partner',
  kind: 'integration',
  account: 'MAG123456789',
  scopes: [],
  defaultScopes: [],
  claims: {},
};

/** RFC 9068 §2.2, RFC 8693 §4.1, RFC 9449 §6.1, and the claims of the three contracts. */
const claimsOfTheServer = [
  'iss',
  'aud',
  'sub',
  'client_id',
  'scope',
  'scp',
  'iat',
  'nbf',
  'exp',
  'jti',
  'cnf',
  'act',
  'origin',
  'application',
  'organization',
  'market',
  'owner',
  'custom_claim',
  'test',
  'rand',
  'token_generation',
];

describe('registration of a client', () => {
  test('accepts an integration', () => {
    expect(registrationProblem(integration)).toBeUndefined();
  });

  test('accepts a session key', () => {
    expect(registrationProblem(sessionKey)).toBeUndefined();
  });

  test.each<[string, Partial<ClientRegistration>, RegExp]>([
    ['a scope of 201 characters', { scopes: ['s'.repeat(201)] }, /^scopes must have 1 to 200 characters/],
    ['a scope with a space', { scopes: ['orders: read'] }, /^scopes .*without space/],
    ['no scope', { scopes: [], defaultScopes: [] }, /^scopes must name at least one/],
    ['a pattern with * in the middle', { scopes: ['market:*:read'] }, /^scopes may contain \* only/],
    ['a required scope with * in the middle', { requiredScopes: ['*:id'] }, /^requiredScopes may contain \*/],
    ['a default scope that is a pattern', { defaultScopes: ['market:id:*'] }, /^defaultScopes must be exact/],
    ['a default scope that is not its own', { defaultScopes: ['orders:create'] }, /^defaultScopes .*among/],
    ['a lifetime of 0 seconds', { tokenLifetime: 0 }, /^tokenLifetime .*above 0/],
    ['a lifetime of half a second', { tokenLifetime: 0.5 }, /^tokenLifetime .*whole number/],
    ['a claim whose name begins with a digit', { claims: { '1st': 'a' } }, /^claims .*begin with a letter/],
    [
      'a claim name of 101 characters',
      { claims: { ['c'.repeat(101)]: 'a' } },
      /^claims .*1 to 100 characters/,
    ],
    ['an unknown grant', { grants: ['password'] }, /^grants must be one of client_credentials/],
    ['subjects without the grant jwt-bearer', { subjects: ['customer-*'] }, /^subjects is for the grant/],
    [
      'a subject with * in the middle',
      { subjects: ['c*r'], grants: [jwtBearerGrantType], keys: [key] },
      /^subjects may contain \* only/,
    ],
    [
      'a subject with a line break',
      { subjects: ['c\n'], grants: [jwtBearerGrantType], keys: [key] },
      /^subjects must have 1 to 255 characters/,
    ],
    ['the grant jwt-bearer without a key', { grants: [jwtBearerGrantType] }, /^keys must be given/],
    ['an audience with a fragment', { audiences: ['https://a.example/#b'] }, /^audiences .*fragment/],
    [
      'lists of more than 1,500 characters',
      { claims: { long: 'l'.repeat(1_500) } },
      /^scopes must be shorter/,
    ],
  ])('refuses %s', (_, change, message) => {
    const { field, problem } = registrationProblem({ ...integration, ...change }) ?? {};
    expect(`${field} ${problem}`).toMatch(message);
  });

  test.each([...new Set([...reservedContextMembers, ...claimsOfTheServer])])(
    'refuses the claim %s, which the server or the authorizer states itself',
    (name) => {
      const { field, problem } = registrationProblem({ ...integration, claims: { [name]: 'a' } }) ?? {};
      expect(`${field} ${problem}`).toBe(
        `claims must not contain ${name}, which the server states itself: choose another name`,
      );
    },
  );
});

describe('registration of a client, in a stage that accepts unsigned assertions', () => {
  const stage = { unsignedAssertions: true };
  const grants = [jwtBearerGrantType];

  test.each<[string, Partial<ClientRegistration>]>([
    ['an integration, which has a secret', {}],
    ['a sales channel with a secret', { kind: 'sales_channel', withSecret: true }],
    ['a sales channel with a key', { kind: 'sales_channel', keys: [key] }],
  ])('accepts the grant jwt-bearer for %s', (_case, change) => {
    expect(registrationProblem({ ...integration, grants, ...change }, stage)).toBeUndefined();
  });

  test('refuses the grant jwt-bearer for a sales channel without a secret and a key', () => {
    const registration: ClientRegistration = { ...integration, grants, kind: 'sales_channel' };
    expect(registrationProblem(registration, stage)?.field).toBe('keys');
  });
});

describe('registration of a session key', () => {
  test.each<[string, Partial<ClientRegistration>]>([
    ['scopes', { scopes: ['orders:read'] }],
    ['defaultScopes', { defaultScopes: ['orders:read'] }],
    ['requiredScopes', { requiredScopes: ['orders:*'] }],
    ['claims', { claims: { tier: 'gold' } }],
    ['subjects', { subjects: ['customer-*'] }],
    ['audiences', { audiences: ['https://stock.example.com'] }],
    ['grants', { grants: ['client_credentials'] }],
    ['dpopBoundAccessTokens', { dpopBoundAccessTokens: true }],
    ['mayIntrospect', { mayIntrospect: true }],
  ])('refuses %s, which would have no effect', (field, change) => {
    expect(registrationProblem({ ...sessionKey, ...change })).toMatchObject({
      field,
      problem: expect.stringMatching(/left out for a session key/),
    });
  });

  test('refuses a sales channel', () => {
    expect(registrationProblem({ ...sessionKey, kind: 'sales_channel' })?.field).toBe('kind');
  });
});
