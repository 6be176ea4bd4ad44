import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBody, stringParameters } from '../../src/http/body.ts';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

const parse = (contentType: string | undefined, body: string | Buffer) =>
  parseBody({
    path: '/',
    headers: { 'content-type': contentType },
    body: Buffer.from(body as string),
    query: {},
    pathParameters: {},
    authorizer: undefined,
    requestId: 'test',
  });

function members(contentType: string | undefined, body: string) {
  const parsed = parse(contentType, body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return Object.fromEntries(parsed.value);
}

function errorOf(contentType: string | undefined, body: string | Buffer) {
  const parsed = parse(contentType, body);
  assert.ok(!parsed.ok, 'must be refused');
  return parsed.error.code;
}

test('reads forms and JSON objects, with or without parameters of the media type', () => {
  for (const contentType of [
    form,
    `${form}; charset=utf-8`,
    'Application/X-WWW-Form-Urlencoded ;charset=UTF-8',
  ]) {
    assert.deepEqual(members(contentType, 'a=1&b=x+y%20z%2B'), { a: '1', b: 'x y z+' });
  }
  for (const contentType of [json, `${json};charset=utf-8`, 'APPLICATION/JSON']) {
    assert.deepEqual(members(contentType, '{"a":"1","b":{"c":[2]}}'), { a: '1', b: { c: [2] } });
  }
});

test('takes an empty body of any type for no parameters', () => {
  assert.deepEqual(members(undefined, ''), {});
  assert.deepEqual(members('text/plain', ''), {});
});

test('refuses other types with 415', () => {
  for (const contentType of [
    undefined,
    '',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'constructor',
  ]) {
    assert.equal(errorOf(contentType, 'a=1'), 'unsupported_media_type');
  }
});

test('refuses more than 16 KiB with 413', () => {
  assert.deepEqual(Object.keys(members(form, `a=${'x'.repeat(16_382)}`)), ['a']);
  assert.equal(errorOf(form, `a=${'x'.repeat(16_383)}`), 'content_too_large');
});

test('refuses a parameter that is sent twice', () => {
  for (const [contentType, body] of [
    [form, 'scope=a&scope=b'],
    [form, 'scope=a&sc%6Fpe=a'],
    [json, '{"scope":"a","scope":"b"}'],
    [json, '{"scope":"a", "x":{"y":1}, "\\u0073cope":"b"}'],
    [json, '{"a\\"b":1,"a\\"b":2}'],
  ] as const) {
    assert.equal(errorOf(contentType, body), 'invalid_request', body);
  }
  assert.deepEqual(members(json, '{"a":{"b":1},"b":"{\\"b\\":1}","c":[{"b":1},{"b":2}]}')['b'], '{"b":1}');
});

test('refuses JSON that is no object, and bytes that are no UTF-8', () => {
  for (const body of [
    '[]',
    'null',
    '"a"',
    '1',
    '{',
    '{"a":}',
    '['.repeat(16_000),
    `${'{"a":'.repeat(3_000)}1`,
  ]) {
    assert.equal(errorOf(json, body), 'invalid_request');
  }
  assert.equal(errorOf(json, Buffer.from([0x7b, 0xff, 0x7d])), 'invalid_request');
  assert.equal(errorOf(form, Buffer.from([0x61, 0x3d, 0xc0, 0x80])), 'invalid_request');
});

test('a member named __proto__ is a member, and pollutes nothing', () => {
  const parsed = parse(json, '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  assert.ok(parsed.ok);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.equal(parsed.value.get('polluted'), undefined);
});

test('takes the parameters that are known, as strings; an empty one is absent', () => {
  const known = stringParameters(
    new Map<string, unknown>([
      ['scope', ''],
      ['grant_type', 'x'],
      ['other', 1],
    ]),
    ['scope', 'grant_type', 'client_id'],
  );
  assert.deepEqual(known, { ok: true, value: { grant_type: 'x' } });
  for (const value of [1, null, true, [], {}]) {
    const refused = stringParameters(new Map<string, unknown>([['scope', value]]), ['scope']);
    assert.ok(!refused.ok);
    assert.equal(refused.error.description, 'scope must be a string.');
  }
});
