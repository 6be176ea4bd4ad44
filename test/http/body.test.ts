import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { requestError } from '../../src/errors.ts';
import { parseBody, stringParameters } from '../../src/http/body.ts';
import type { SingleParameters } from '../../src/http/body.ts';

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

const parse = (
  contentType: string | undefined,
  body: string | Buffer,
  { encoding, single }: { encoding?: string; single?: SingleParameters } = {},
) =>
  parseBody(
    {
      headers: { 'content-type': contentType, 'content-encoding': encoding },
      body: Buffer.from(body as string),
      query: {},
      pathParameters: {},
      authorizer: undefined,
      requestId: 'test',
    },
    single,
  );

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

describe('request body', () => {
  test.each([
    form,
    'Application/X-WWW-Form-Urlencoded ;charset=UTF-8',
    ...['utf-8', '"utf-8"', 'utf8', 'ISO-8859-1', 'us-ascii', 'nonsense', ''].map(
      (charset) => `${form}; charset=${charset}`,
    ),
    `${form};`,
    `${form}; boundary=x; charset=utf-16`,
  ])('is read as a form: %s', (contentType) => {
    expect(members(contentType, 'a=1&b=x+y%20z%2B')).toStrictEqual({ a: '1', b: 'x y z+' });
  });

  test.each([json, `${json};charset=ISO-8859-1`, `${json}; odata=verbose`, 'APPLICATION/JSON'])(
    'is read as a JSON object: %s',
    (contentType) => {
      expect(members(contentType, '{"a":"1","b":{"c":[2]}}')).toStrictEqual({ a: '1', b: { c: [2] } });
    },
  );

  test.each([undefined, 'text/plain'])('has no parameters if it is empty: %s', (contentType) => {
    expect(members(contentType, '')).toStrictEqual({});
  });

  test.each([undefined, '', ' ', ';charset=utf-8'])(
    'is refused with missing_media_type: %j',
    (contentType) => {
      expect(errorOf(contentType, 'a=1')).toBe('missing_media_type');
    },
  );

  test.each(['identity', 'Identity', ' identity ', 'identity, identity', ''])(
    'has no content coding: %j',
    (encoding) => {
      const parsed = parse(form, 'a=1', { encoding });
      assert.ok(parsed.ok);
      expect([...parsed.value]).toStrictEqual([['a', '1']]);
    },
  );

  test.each(['gzip', 'br', 'identity, gzip', 'aws-chunked', 'x'])(
    'is refused with unsupported_content_coding: %j',
    (encoding) => {
      const parsed = parse(form, 'a=1', { encoding });
      assert.ok(!parsed.ok);
      expect(parsed.error.code).toBe('unsupported_content_coding');
    },
  );

  test.each([
    ['JSON', json, '{"a":"1"}'],
    ['a form', form, 'a=1'],
  ])('may begin with a byte order mark: %s', (_, contentType, body) => {
    expect(members(contentType, `\uFEFF${body}`)).toStrictEqual({ a: '1' });
  });

  test.each([
    ['a member', '{"a":null,"b":1}', { b: 1 }],
    ['a nested member', '{"b":{"c":null,"d":{"e":null}}}', { b: { d: {} } }],
    ['a member of an object in a list', '{"b":[{"c":null,"d":1}]}', { b: [{ d: 1 }] }],
    ['the only member', '{"a":null}', {}],
  ])('lacks what is null in JSON: %s', (_, body, expected) => {
    expect(members(json, body)).toStrictEqual(expected);
  });

  test('keeps null in a JSON list, where it has a place', () => {
    expect(members(json, '{"a":[1,null]}')).toStrictEqual({ a: [1, null] });
  });

  test.each([
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'constructor',
    `${form}, ${json}`,
  ])('is refused with unsupported_media_type: %j', (contentType) => {
    expect(errorOf(contentType, 'a=1')).toBe('unsupported_media_type');
  });

  test('may have 16 KiB', () => {
    expect(Object.keys(members(form, `a=${'x'.repeat(16_382)}`))).toStrictEqual(['a']);
  });

  test('is refused with content_too_large if it has one byte more than 16 KiB', () => {
    expect(errorOf(form, `a=${'x'.repeat(16_383)}`)).toBe('content_too_large');
  });

  test.each([
    ['in a form', form, 'scope=a&scope=b'],
    ['in a form with an encoded letter', form, 'scope=a&sc%6Fpe=a'],
    ['in JSON', json, '{"scope":"a","scope":"b"}'],
    ['in JSON with an escaped letter', json, '{"scope":"a", "x":{"y":1}, "\\u0073cope":"b"}'],
    ['in JSON, where one is null', json, '{"scope":null,"scope":"b"}'],
    ['in JSON with an escaped quotation mark', json, '{"a\\"b":1,"a\\"b":2}'],
  ])('is refused with invalid_request for a parameter that occurs twice, %s', (_, contentType, body) => {
    expect(errorOf(contentType, body)).toBe('invalid_request');
  });

  describe('with a parameter that may be sent only once, although its RFC allows several', () => {
    const single = { resource: requestError('invalid_target') };

    test.each([
      ['in a form', form, 'resource=a&resource=b'],
      ['in a form with the same value', form, 'resource=a&x=1&resource=a'],
      ['in JSON', json, '{"resource":"a","resource":"b"}'],
      ['as a list in JSON', json, '{"resource":["a","b"]}'],
    ])('is refused with the error of that parameter %s', (_, contentType, body) => {
      const parsed = parse(contentType, body, { single });
      assert.ok(!parsed.ok);
      expect(parsed.error.code).toBe('invalid_target');
    });

    test('is refused with invalid_request for another parameter that occurs twice', () => {
      const parsed = parse(form, 'resource=a&scope=a&scope=a', { single });
      assert.ok(!parsed.ok);
      expect(parsed.error.code).toBe('invalid_request');
    });
  });

  test('may have a member name again in nested objects and in strings', () => {
    const body = '{"a":{"b":1},"b":"{\\"b\\":1}","c":[{"b":1},{"b":2}]}';
    expect(members(json, body)['b']).toBe('{"b":1}');
  });

  test.each<[string, string, string | Buffer]>([
    ['a JSON list', json, '[]'],
    ['JSON null', json, 'null'],
    ['a JSON string', json, '"a"'],
    ['a JSON number', json, '1'],
    ['an unclosed JSON object', json, '{'],
    ['a JSON member without a value', json, '{"a":}'],
    ['8000 nested JSON lists that are closed', json, '['.repeat(8_000) + ']'.repeat(8_000)],
    ['16000 nested JSON lists', json, '['.repeat(16_000)],
    ['3000 nested JSON objects', json, `${'{"a":'.repeat(3_000)}1`],
    ['JSON that is not UTF-8', json, Buffer.from([0x7b, 0xff, 0x7d])],
    ['JSON in which a gateway has replaced a byte that is not UTF-8', json, '{"a":"M\uFFFDller"}'],
    ['a form that is not UTF-8', form, Buffer.from([0x61, 0x3d, 0xc0, 0x80])],
  ])('is refused with invalid_request: %s', (_, contentType, body) => {
    expect(errorOf(contentType, body)).toBe('invalid_request');
  });

  test('may have a member named __proto__, which pollutes no prototype', () => {
    const parsed = parse(
      json,
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    assert.ok(parsed.ok);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(parsed.value.get('polluted')).toBeUndefined();
  });
});

describe('string parameters of a request', () => {
  test('are the known ones, without those that are empty', () => {
    const known = stringParameters(
      new Map<string, unknown>([
        ['scope', ''],
        ['grant_type', 'x'],
        ['other', 1],
      ]),
      ['scope', 'grant_type', 'client_id'],
    );
    expect(known).toStrictEqual({ ok: true, value: { grant_type: 'x' } });
  });

  test.each<{ value: unknown }>([{ value: 1 }, { value: true }, { value: [] }, { value: {} }])(
    'are refused if one is $value',
    ({ value }) => {
      const refused = stringParameters(new Map([['scope', value]]), ['scope']);
      assert.ok(!refused.ok);
      expect(refused.error.description).toBe('scope must be a string.');
    },
  );
});
