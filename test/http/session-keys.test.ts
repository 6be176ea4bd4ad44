import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { ClientStore } from '../../src/clients/client-store.ts';
import { nameProblem } from '../../src/clients/registration-rules.ts';
import { errorTable } from '../../src/errors.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import {
  createSessionKey,
  deleteSessionKey,
  listSessionKeys,
  updateSessionKey,
} from '../../src/http/endpoints/session-keys.ts';
import type { HttpRequest } from '../../src/http/http-request.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { memoryStage } from '../oauth/stage.ts';

const stage = await memoryStage();
const { accounts } = stage.registry;
const options = { ...stage.registry, log: stage.log };
const mageId = await stage.account();
const key = await stage.register({ account: mageId, name: 'First' });

interface Sent {
  readonly applicationId?: string;
  readonly query?: HttpRequest['query'];
  readonly type?: string;
  readonly body?: string | object;
}

async function answerTo(operation: AccountOperation, { applicationId, query = {}, type, body = '' }: Sent) {
  const account = await accounts.find(mageId);
  assert.ok(account);
  const result = await operation(
    {
      path: '',
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
  );
  if (!result.ok) {
    const { code, description } = result.error;
    return { status: errorTable[code].status, code, message: description };
  }
  const { statusCode = 0, body: text } = result.value;
  return { status: statusCode, body: text === undefined ? undefined : (JSON.parse(text) as unknown) };
}

const id = key.client.id;
const update = (sent: Sent) => answerTo(updateSessionKey(options), { applicationId: id, ...sent });

test('a label is what can be a name: 1 to 100 characters that keep to their line', () => {
  for (const text of ['a', 'Señor “Ω” 日本', '<b>%s${x}"\\', '\u{1F600}'.repeat(100)]) {
    assert.ok(nameProblem(text) === undefined, text);
  }
  const odd = [
    '\n',
    '\r',
    '\0',
    '\t',
    '\u001B[2J',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u202E',
    '\uFEFF',
    '\uD800',
  ];
  for (const text of ['', 'x'.repeat(101), ...odd.map((one) => `a${one}b`)]) {
    assert.ok(nameProblem(text) !== undefined, JSON.stringify(text));
  }
});

test('a change must name the key, and something to change', async () => {
  const form = 'application/x-www-form-urlencoded';
  const bodies: Sent[] = [
    {},
    { body: {} },
    { body: '[]' },
    { body: '"label"' },
    { body: '{"label":"a","label":"b"}' },
    { body: { label: '' } },
    { body: { label: 5 } },
    { body: { label: null } },
    { body: { label: ['a'] } },
    { body: { label: 'a\nb' } },
    { body: { regenerate_secret: false } },
    { body: { regenerate_secret: 'true' } },
    { body: { regenerate_secret: 1 } },
    { body: { regenerate_secret: null } },
    { body: { label: 'a', regenerate_secret: 'no' } },
    { body: { label: 'a', application_id: 'AQ00000000' } },
    { body: { label: 'a', application_id: {} } },
    { body: 'regenerate_secret=yes', type: form },
    { body: 'regenerate_secret=__proto__', type: form },
    { body: 'label=a&label=b', type: form },
  ];
  for (const sent of bodies) {
    const answer = await update(sent);
    assert.equal(answer.code, 'invalid_request', JSON.stringify(sent));
  }
  const nameless = await answerTo(updateSessionKey(options), { body: { label: 'a' } });
  expect(nameless).toStrictEqual({
    status: 400,
    code: 'invalid_request',
    message: 'application_id is missing.',
  });
  expect((await stage.clients.findNow(id))?.version).toBe(1);
});

test('a change is taken as JSON or form, and the id from the path or the body', async () => {
  const created_at = new Date(stage.time.now * 1000).toISOString();
  const renamed = (label: string) => ({
    status: 200,
    body: { application_id: id, label, created_at },
  });
  expect(await update({ body: { label: 'One', regenerate_secret: false } })).toStrictEqual(renamed('One'));
  expect(await update({ body: { label: 'Two', application_id: id } })).toStrictEqual(renamed('Two'));
  const inBody = { body: `label=Three&regenerate_secret=false&application_id=${id}` };
  expect(
    await answerTo(updateSessionKey(options), { ...inBody, type: 'application/x-www-form-urlencoded' }),
  ).toStrictEqual(renamed('Three'));
});

test('ids of no key of the account are unknown, whoever may have them', async () => {
  const other = await stage.register({ account: await stage.account('MAG2') });
  const integration = await stage.register();
  for (const applicationId of [
    other.client.id,
    integration.client.id,
    'AQ00000000',
    '__proto__',
    'constructor',
    'a\n#',
    'x'.repeat(5_000),
  ]) {
    for (const answer of [
      await update({ applicationId, body: { label: 'x', regenerate_secret: true } }),
      await answerTo(deleteSessionKey(options), { applicationId }),
      await answerTo(deleteSessionKey(options), { query: { application_id: applicationId } }),
    ]) {
      assert.equal(answer.status, 404, applicationId);
    }
  }
  expect(await stage.clients.findNow(other.client.id)).toBeDefined();
});

test('a place without a client, or with the client of someone else, is no key', async () => {
  const integration = await stage.register();
  await accounts.addSessionKey(mageId, integration.client.id, stage.time.now);
  await accounts.addSessionKey(mageId, 'AQDEAD', stage.time.now);
  const { body } = await answerTo(listSessionKeys(options), {});
  expect(
    (body as { keys: { application_id: string }[] }).keys.map(({ application_id }) => application_id),
  ).toStrictEqual([id]);
  const full = await answerTo(createSessionKey(options), { body: { label: 'Fourth' } });
  expect(full.status).toBe(409);
  expect((await answerTo(deleteSessionKey(options), { applicationId: integration.client.id })).status).toBe(
    404,
  );
  expect(await stage.clients.findNow(integration.client.id)).toBeDefined();
  await accounts.removeSessionKey(mageId, integration.client.id);
  await accounts.removeSessionKey(mageId, 'AQDEAD');
});

test('a change that others write between is tried again, and given up after a while', async () => {
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
  const change = (times: number) =>
    answerTo(updateSessionKey({ ...options, clients: interrupted(times) }), {
      applicationId: id,
      body: { label: `After ${times}`, regenerate_secret: true },
    });
  expect((await change(2)).status).toBe(200);
  const before = (await stage.clients.findNow(id))?.secrets;
  const given = await change(99);
  expect(given.status).toBe(409);
  const after = await stage.clients.findNow(id);
  expect(after).toMatchObject({ name: 'After 2', secrets: before });
});

test('without its store nothing is decided: 503 in the form of EQP', async () => {
  const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
  for (const store of [{ find: down }, accounts]) {
    const handle = ownAccount(
      store,
      listSessionKeys({ ...options, clients: { ...stage.clients, findNow: down } }),
    );
    const answer = await endpoint({ dialect: 'eqp', stage: 'sandbox', log: stage.log, handle })({
      headers: {},
      pathParameters: { mage_id: mageId },
      requestContext: {
        requestId: 'r',
        authorizer: { lambda: { client_id: id, scope: '', account: mageId } },
      },
    } as unknown as APIGatewayProxyEventV2);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers?.['retry-after']).toBe('2');
    expect(answer.body ?? '').toMatch(/^\{"code":503,"message":"/);
  }
});
