import { isUtf8 } from 'node:buffer';
import { errorResult, requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { HttpRequest } from './http-request.ts';

/** Maximum length of a body in bytes. */
const maximumBodyLength = 16_384;

/** The members of a body. Those of a form are strings, and those of a JSON object any JSON values. */
type Members = ReadonlyMap<string, unknown>;

const parsers: Readonly<Record<string, (body: string) => Result<Members, RequestError>>> = {
  'application/x-www-form-urlencoded': parseForm,
  'application/json': parseJson,
};

/** Parses the body of a request by its media type (RFC 9110 §8.3.1). */
export function parseBody(request: HttpRequest): Result<Members, RequestError> {
  const { headers, body } = request;
  if (body.length > maximumBodyLength) return errorResult('content_too_large');
  if (body.length === 0) return ok(new Map());
  const [mediaType, charset] = contentTypeOf(request);
  const parse = Object.hasOwn(parsers, mediaType) ? parsers[mediaType] : undefined;
  if (!parse || (charset !== undefined && charset !== 'utf-8')) return errorResult('unsupported_media_type');
  // RFC 9110 §8.4: no content coding is supported.
  if (headers['content-encoding'] !== undefined) return errorResult('unsupported_media_type');
  if (!isUtf8(body)) return errorResult('invalid_request', 'The body is not UTF-8.');
  return parse(body.toString('utf8'));
}

/** Whether the body is a form, in which every value is a string. */
export const isForm = (request: HttpRequest): boolean =>
  contentTypeOf(request)[0] === 'application/x-www-form-urlencoded';

/** The media type in lower case, and its charset if it has one. */
function contentTypeOf({ headers }: HttpRequest): [mediaType: string, charset: string | undefined] {
  const [mediaType = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => /^\s*charset="?([^"\s]*)"?\s*$/.exec(parameter)?.[1]);
  return [mediaType.trim(), charset.find((value) => value !== undefined)];
}

const sentTwice = requestError('invalid_request', 'A parameter is sent more than once.');

function parseForm(body: string): Result<Members, RequestError> {
  const members = new Map<string, string>();
  // URLSearchParams would drop a question mark at the start of the first name.
  for (const [name, value] of new URLSearchParams(`&${body}`)) {
    // RFC 6749 §3.2: parameters must not be included more than once.
    if (members.has(name)) return failed(sentTwice);
    members.set(name, value);
  }
  return ok(members);
}

function parseJson(body: string): Result<Members, RequestError> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return errorResult('invalid_request', 'The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return errorResult('invalid_request', 'The JSON body must be an object.');
  }
  const members = new Map<string, unknown>(Object.entries(value));
  if (countMembers(body) > members.size) return failed(sentTwice);
  return ok(members);
}

/** The number of members of the outermost object of valid JSON. `JSON.parse` keeps only the last of each name. */
function countMembers(json: string): number {
  let depth = 0;
  let members = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ':' && depth === 1) members += 1;
  }
  return members;
}

/** Parses the named parameters in the body of a request, each of which must be a string. */
export function parseParameters<Name extends string>(
  request: HttpRequest,
  names: readonly Name[],
): Result<StringParameters<Name>, RequestError> {
  const members = parseBody(request);
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
