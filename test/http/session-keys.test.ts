import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { ClientStore } from '../../src/clients/client-store.ts';
import { nameProblem } from '../../src/clients/name.ts';
import { errorTable } from '../../src/errors.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import {
  createSessionKey,
  deleteSessionKey,
  listSessionKeys,
  updateSessionKey,
} from '../../src/http/endpoints/session-keys.ts';
import type { HttpRequest } from '../../src/http/http-message.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { basic, memoryStage } from '../oauth/stage.ts';

const stage = await memoryStage();
const { accounts } = stage.registry;
const options = { ...stage.registry, longestSession: 7_200, log: stage.log };
const mageId = await stage.account();
const key = await stage.register({ account: mageId, name: 'First' });

interface Sent {
  readonly applicationId?: string;
  /** Id of the secret that opened the session of the request; the current one if it is left out. */
  readonly secretId?: string;
  readonly query?: HttpRequest['query'];
  readonly type?: string;
  readonly body?: string | object;
}

async function responseTo(
  operation: AccountOperation,
  { applicationId, secretId, query = {}, type, body = '' }: Sent,
) {
  const account = await accounts.find(mageId);
  const opener = await stage.clients.findNow(key.client.id);
  assert.ok(account && opener);
  const caller = {
    client_id: opener.id,
    scope: '',
    account: mageId,
    secret_id: secretId ?? opener.secrets[0]?.id ?? '',
  };
  const result = await operation(
    {
      headers: { 'content-type': type ?? 'application/json' },
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      query,
      pathParameters: {
        mage_id: mageId,
        ...(applicationId !== undefined && { application_id: applicationId }),
      },
      authorizer: undefined,
      requestId: 'r',
    },
    account,
    caller,
  );
  if (!result.ok) {
    const { code, description } = result.error;
    return { status: errorTable[code].status, code, message: description };
  }
  const { statusCode = 0, body: text } = result.value;
  return { status: statusCode, body: text === undefined ? undefined : (JSON.parse(text) as unknown) };
}

const id = key.client.id;
const update = (sent: Sent) => responseTo(updateSessionKey(options), { applicationId: id, ...sent });

const form = 'application/x-www-form-urlencoded';
const escaped = (value: string) =>
  Array.from(value)
    .map((one) => `U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`)
    .join(' ');

describe('name of a client', () => {
  test.each([
    ['one character', 'a'],
    ['letters of several scripts', 'Señor “Ω” 日本'],
    ['punctuation', '<b>%s${x}"\\'],
    ['100 characters outside the basic plane', '\u{1F600}'.repeat(100)],
  ])('may be %s', (_, name) => {
    expect(nameProblem(name)).toBeUndefined();
  });

  test.each([
    ['empty', ''],
    ['101 characters', 'x'.repeat(101)],
  ])('may not be %s', (_, name) => {
    expect(nameProblem(name)).toBeDefined();
  });

  test.each(
    ['\n', '\r', '\0', '\t', '\u001B[2J', '\u0085', '\u2028', '\u2029', '\u202E', '\uFEFF', '\uD800'].map(
      (one) => [escaped(one), one] as const,
    ),
  )('may not contain %s', (_, one) => {
    expect(nameProblem(`a${one}b`)).toBeDefined();
  });
});

describe('session key update', () => {
  test.each<[string, Sent]>([
    ['an empty body', {}],
    ['an empty object', { body: {} }],
    ['a list', { body: '[]' }],
    ['a string', { body: '"label"' }],
    ['a label that occurs twice', { body: '{"label":"a","label":"b"}' }],
    ['an empty label', { body: { label: '' } }],
    ['a label that is a number', { body: { label: 5 } }],
    ['a label that is null', { body: { label: null } }],
    ['a label that is a list', { body: { label: ['a'] } }],
    ['a label of two lines', { body: { label: 'a\nb' } }],
    ['a change of nothing', { body: { regenerate_secret: false } }],
    ['a regenerate_secret that is a string', { body: { regenerate_secret: 'true' } }],
    ['a regenerate_secret that is a number', { body: { regenerate_secret: 1 } }],
    ['a regenerate_secret that is null', { body: { regenerate_secret: null } }],
    ['a label and an invalid regenerate_secret', { body: { label: 'a', regenerate_secret: 'no' } }],
    ['the id of another key in the body', { body: { label: 'a', application_id: 'AQ00000000' } }],
    ['an id in the body that is an object', { body: { label: 'a', application_id: {} } }],
    ['the regenerate_secret yes in a form', { body: 'regenerate_secret=yes', type: form }],
    ['the regenerate_secret __proto__ in a form', { body: 'regenerate_secret=__proto__', type: form }],
    ['a label that occurs twice in a form', { body: 'label=a&label=b', type: form }],
  ])('refuses %s with invalid_request, and writes nothing', async (_, sent) => {
    const before = await stage.clients.findNow(id);
    expect((await update(sent)).code).toBe('invalid_request');
    expect(await stage.clients.findNow(id)).toStrictEqual(before);
  });

  test('refuses a request without an id with invalid_request', async () => {
    expect(await responseTo(updateSessionKey(options), { body: { label: 'a' } })).toStrictEqual({
      status: 400,
      code: 'invalid_request',
      message: 'application_id is missing.',
    });
  });

  test.each<[string, string, Sent]>([
    [
      'JSON with the id in the path',
      'One',
      { applicationId: id, body: { label: 'One', regenerate_secret: false } },
    ],
    [
      'JSON with the id in the path and in the body',
      'Two',
      { applicationId: id, body: { label: 'Two', application_id: id } },
    ],
    [
      'a form with the id in the body',
      'Three',
      { body: `label=Three&regenerate_secret=false&application_id=${id}`, type: form },
    ],
  ])('accepts %s', async (_, label, sent) => {
    expect(await responseTo(updateSessionKey(options), sent)).toStrictEqual({
      status: 200,
      body: { application_id: id, label, created_at: new Date(stage.time.now * 1000).toISOString() },
    });
  });

  const interrupted = (times: number): ClientStore => ({
    ...stage.clients,
    async replace(client) {
      const theirs = await stage.clients.findNow(client.id);
      if (theirs && times > 0) {
        times -= 1;
        await stage.clients.replace(theirs);
      }
      return stage.clients.replace(client);
    },
  });
  const interruptedUpdate = (times: number) =>
    responseTo(updateSessionKey({ ...options, clients: interrupted(times) }), {
      applicationId: id,
      body: { label: `After ${times}`, regenerate_secret: true },
    });

  test('tries again if two concurrent writes precede it', async () => {
    expect((await interruptedUpdate(2)).status).toBe(200);
    expect(await stage.clients.findNow(id)).toMatchObject({ name: 'After 2' });
  });

  test('gives up with 409 if too many concurrent writes precede it, and changes nothing', async () => {
    const before = await stage.clients.findNow(id);
    assert.ok(before);
    expect((await interruptedUpdate(99)).status).toBe(409);
    const { name, secrets } = before;
    expect(await stage.clients.findNow(id)).toMatchObject({ name, secrets });
  });
});

describe('session of a secret that is no longer valid', () => {
  test.each<[string, AccountOperation]>([
    ['create', createSessionKey(options)],
    ['update', updateSessionKey(options)],
    ['delete', deleteSessionKey(options)],
  ])('may not %s a session key, and nothing is written', async (_, operation) => {
    const [client, account] = [await stage.clients.findNow(id), await accounts.find(mageId)];
    const sent = { applicationId: id, secretId: 'replaced', body: { label: 'x', revoke_sessions: true } };
    expect(await responseTo(operation, sent)).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await stage.clients.findNow(id)).toStrictEqual(client);
    expect(await accounts.find(mageId)).toStrictEqual(account);
  });

  test('may list session keys', async () => {
    expect((await responseTo(listSessionKeys(options), { secretId: 'replaced' })).status).toBe(200);
  });
});

describe('session key deletion', () => {
  async function deletedWith(requestFor: (applicationId: string) => Sent) {
    const own = await stage.register({ account: mageId, name: 'To be deleted' });
    const opened = await openSession(
      {
        authorization: basic(own.client.id, own.secret ?? ''),
        grant_type: 'session',
        expires_in: undefined,
      },
      stage.sessionTokens,
    );
    assert.ok(opened.ok);
    const response = await responseTo(deleteSessionKey(options), requestFor(own.client.id));
    return { status: response.status, session: await stage.verifyToken(opened.value.response.ust) };
  }

  test.each<[string, boolean, (applicationId: string) => Sent]>([
    ['no parameter', true, (applicationId) => ({ applicationId })],
    ['false in JSON', true, (applicationId) => ({ applicationId, body: { revoke_sessions: false } })],
    ['false in the query', true, (applicationId) => ({ applicationId, query: { revoke_sessions: 'false' } })],
    ['true in JSON', false, (applicationId) => ({ applicationId, body: { revoke_sessions: true } })],
    [
      'true in JSON, with the id',
      false,
      (application_id) => ({ body: { application_id, revoke_sessions: true } }),
    ],
    ['true in the query', false, (applicationId) => ({ applicationId, query: { revoke_sessions: 'true' } })],
    [
      'true in a form',
      false,
      (applicationId) => ({ applicationId, type: form, body: 'revoke_sessions=true' }),
    ],
  ])('with revoke_sessions as %s leaves the sessions valid: %j', async (_, valid, requestFor) => {
    const { status, session } = await deletedWith(requestFor);
    expect(status).toBe(204);
    expect(session.ok).toBe(valid);
  });
});

const keyOfAnother = await stage.register({ account: await stage.account('MAG2') });
const integration = await stage.register();

describe.each([
  ['of another account', keyOfAnother.client.id],
  ['of an integration', integration.client.id],
  ['of no client', 'AQ00000000'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['of two lines', 'a\n#'],
  ['of 5000 characters', 'x'.repeat(5_000)],
])('session key with the id %s', (_, applicationId) => {
  test.each<[string, AccountOperation, Sent]>([
    [
      'an update',
      updateSessionKey(options),
      { applicationId, body: { label: 'x', regenerate_secret: true } },
    ],
    ['a deletion by path', deleteSessionKey(options), { applicationId }],
    ['a deletion by query', deleteSessionKey(options), { query: { application_id: applicationId } }],
  ])('is unknown (404) to %s', async (__, operation, sent) => {
    expect((await responseTo(operation, sent)).status).toBe(404);
    expect(await stage.clients.findNow(keyOfAnother.client.id)).toBeDefined();
    expect(await stage.clients.findNow(integration.client.id)).toBeDefined();
  });
});

describe('session key place of an account that holds no session key', () => {
  beforeAll(async () => {
    await accounts.addSessionKey(mageId, integration.client.id, stage.time.now);
    await accounts.addSessionKey(mageId, 'AQDEAD', stage.time.now);
  });
  afterAll(async () => {
    await accounts.removeSessionKey(mageId, integration.client.id);
    await accounts.removeSessionKey(mageId, 'AQDEAD');
  });

  test('is not listed', async () => {
    const { body } = await responseTo(listSessionKeys(options), {});
    expect(
      (body as { keys: { application_id: string }[] }).keys.map(({ application_id }) => application_id),
    ).toStrictEqual([id]);
  });

  test('counts towards the maximum: one more key is refused with 409', async () => {
    const full = await responseTo(createSessionKey(options), { body: { label: 'Fourth' } });
    expect(full.status).toBe(409);
  });

  test('cannot be used to delete the client in it (404)', async () => {
    const applicationId = integration.client.id;
    expect((await responseTo(deleteSessionKey(options), { applicationId })).status).toBe(404);
    expect(await stage.clients.findNow(applicationId)).toBeDefined();
  });
});

describe('session key endpoint without its store', () => {
  const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));

  test.each<[string, Parameters<typeof ownAccount>[0]]>([
    ['accounts', { find: down }],
    ['clients', accounts],
  ])('responds with 503 in the dialect of EQP: %s', async (_, store) => {
    const handle = ownAccount(
      store,
      listSessionKeys({ ...options, clients: { ...stage.clients, findNow: down } }),
    );
    const response = await endpoint({ dialect: 'eqp', stage: 'sandbox', log: stage.log, handle })({
      headers: {},
      pathParameters: { mage_id: mageId },
      requestContext: {
        requestId: 'r',
        authorizer: { lambda: { client_id: id, scope: '', account: mageId } },
      },
    } as unknown as APIGatewayProxyEventV2);
    expect(response.statusCode).toBe(503);
    expect(response.headers?.['retry-after']).toBe('2');
    expect(response.body ?? '').toMatch(/^\{"code":503,"message":"/);
  });
});
