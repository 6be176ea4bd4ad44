import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
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
    expect(members(contentType, 'a=1&b=x+y%20z%2B')).toStrictEqual({ a: '1', b: 'x y z+' });
  }
  for (const contentType of [json, `${json};charset=utf-8`, 'APPLICATION/JSON']) {
    expect(members(contentType, '{"a":"1","b":{"c":[2]}}')).toStrictEqual({ a: '1', b: { c: [2] } });
  }
});

test('takes an empty body of any type for no parameters', () => {
  expect(members(undefined, '')).toStrictEqual({});
  expect(members('text/plain', '')).toStrictEqual({});
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
    expect(errorOf(contentType, 'a=1')).toBe('unsupported_media_type');
  }
});

test('refuses more than 16 KiB with 413', () => {
  expect(Object.keys(members(form, `a=${'x'.repeat(16_382)}`))).toStrictEqual(['a']);
  expect(errorOf(form, `a=${'x'.repeat(16_383)}`)).toBe('content_too_large');
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
  expect(members(json, '{"a":{"b":1},"b":"{\\"b\\":1}","c":[{"b":1},{"b":2}]}')['b']).toStrictEqual(
    '{"b":1}',
  );
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
    expect(errorOf(json, body)).toBe('invalid_request');
  }
  expect(errorOf(json, Buffer.from([0x7b, 0xff, 0x7d]))).toBe('invalid_request');
  expect(errorOf(form, Buffer.from([0x61, 0x3d, 0xc0, 0x80]))).toBe('invalid_request');
});

test('a member named __proto__ is a member, and pollutes nothing', () => {
  const parsed = parse(json, '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  assert.ok(parsed.ok);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(parsed.value.get('polluted')).toBeUndefined();
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
  expect(known).toStrictEqual({ ok: true, value: { grant_type: 'x' } });
  for (const value of [1, null, true, [], {}]) {
    const refused = stringParameters(new Map<string, unknown>([['scope', value]]), ['scope']);
    assert.ok(!refused.ok);
    expect(refused.error.description).toBe('scope must be a string.');
  }
});
