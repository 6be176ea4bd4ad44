import { isUtf8 } from 'node:buffer';
import * as v from 'valibot';
import { errorResult, requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { parseJsonWithoutNull } from '../json-without-null.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { HttpRequest } from './http-message.ts';

/** Maximum length of a body in bytes. */
const maximumBodyLength = 16_384;

/** The members of a body. Those of a form are strings, and those of a JSON object any JSON values. */
type Members = ReadonlyMap<string, unknown>;

/** A parameter of which a request may have only one value, although its RFC allows several, and the error of a second. */
export type SingleParameters = Readonly<Record<string, RequestError>>;

type Parse = (body: string, single: SingleParameters) => Result<Members, RequestError>;

const parsers: Readonly<Record<string, Parse>> = {
  'application/x-www-form-urlencoded': parseForm,
  'application/json': parseJson,
};

/**
 * Parses the body of a request by its media type (RFC 9110 §8.3.1). Parameters of the media type are ignored: a form
 * has none, that of JSON has no effect (RFC 8259 §11), and the bytes must be UTF-8 whatever a `charset` says.
 */
export function parseBody(
  request: HttpRequest,
  single: SingleParameters = {},
): Result<Members, RequestError> {
  const { headers, body } = request;
  if (body.length > maximumBodyLength) return errorResult('content_too_large');
  if (body.length === 0) return ok(new Map());
  if (!isUnencoded(headers['content-encoding'])) return errorResult('unsupported_content_coding');
  const mediaType = mediaTypeOf(request);
  if (mediaType === '') return errorResult('missing_media_type');
  const parse = Object.hasOwn(parsers, mediaType) ? parsers[mediaType] : undefined;
  if (!parse) return errorResult('unsupported_media_type');
  const text = body.toString('utf8');
  // API Gateway passes JSON on as a string, in which it has replaced each byte that is not UTF-8 by U+FFFD.
  if (!isUtf8(body) || text.includes('\uFFFD'))
    return errorResult('invalid_request', 'The body is not UTF-8.');
  // RFC 8259 §8.1 allows a parser to ignore a byte order mark.
  return parse(text.replace(/^\uFEFF/, ''), single);
}

/** Whether the body is a form, in which every value is a string. */
export const isForm = (request: HttpRequest): boolean =>
  mediaTypeOf(request) === 'application/x-www-form-urlencoded';

/** The media type in lower case, without parameters; empty if the request names none. */
const mediaTypeOf = ({ headers }: HttpRequest): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

/** Whether `Content-Encoding` names no coding. `identity` stands for none (RFC 9110 §8.4.1). */
const isUnencoded = (contentEncoding = ''): boolean =>
  contentEncoding.split(',').every((coding) => /^(?:identity)?$/i.test(coding.trim()));

const sentTwice = requestError('invalid_request', 'A parameter is sent more than once.');

/** The error of a parameter that is sent more than once (RFC 6749 §3.2). */
const repeated = (name: string, single: SingleParameters): RequestError =>
  (Object.hasOwn(single, name) ? single[name] : undefined) ?? sentTwice;

function parseForm(body: string, single: SingleParameters): Result<Members, RequestError> {
  const members = new Map<string, string>();
  // URLSearchParams would drop a question mark at the start of the first name.
  for (const [name, value] of new URLSearchParams(`&${body}`)) {
    if (members.has(name)) return failed(repeated(name, single));
    members.set(name, value);
  }
  return ok(members);
}

function parseJson(body: string, single: SingleParameters): Result<Members, RequestError> {
  let value: unknown;
  try {
    value = parseJsonWithoutNull(body);
  } catch {
    return errorResult('invalid_request', 'The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return errorResult('invalid_request', 'The JSON body must be an object.');
  }
  const names = new Set<string>();
  for (const name of memberNames(body)) {
    if (names.has(name)) return failed(repeated(name, single));
    names.add(name);
  }
  const members = new Map<string, unknown>(Object.entries(value));
  const list = Object.keys(single).find((name) => Array.isArray(members.get(name)));
  return list === undefined ? ok(members) : failed(repeated(list, single));
}

/** The member names of the outermost object of valid JSON. `JSON.parse` keeps only the last of each name. */
function* memberNames(json: string): Generator<string> {
  let depth = 0;
  let last = '';
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ':') {
      if (depth === 1) yield v.parse(JsonString, last);
    } else last = token;
  }
}

const JsonString = v.pipe(v.string(), v.parseJson(), v.string());

/** Parses the named parameters in the body of a request, each of which must be a string. */
export function parseParameters<Name extends string>(
  request: HttpRequest,
  names: readonly Name[],
  single?: SingleParameters,
): Result<StringParameters<Name>, RequestError> {
  const members = parseBody(request, single);
  return members.ok ? stringParameters(members.value, names) : members;
}

/** Parameters by name. One that is absent or empty is undefined (RFC 6749 §3.2). */
export type StringParameters<Name extends string> = { readonly [name in Name]?: string };

/** The named parameters, each of which must be a string. All others are ignored (RFC 6749 §3.2). */
export function stringParameters<Name extends string>(
  members: Members,
  names: readonly Name[],
): Result<StringParameters<Name>, RequestError> {
  const parameters: { [name in Name]?: string } = {};
  for (const name of names) {
    const value = members.get(name);
    if (value === undefined || value === '') continue;
    if (typeof value !== 'string') return errorResult('invalid_request', `${name} must be a string.`);
    parameters[name] = value;
  }
  return ok(parameters);
}
