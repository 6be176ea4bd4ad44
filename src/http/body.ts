import { isUtf8 } from 'node:buffer';
import { oauthError, refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { Request } from './http-request.ts';

/** Bytes that a body may have. */
const maximumBodyLength = 16_384;

/** A body's members: of a form each is a string, of a JSON object it is any JSON value. */
type Members = ReadonlyMap<string, unknown>;

const parsers: Readonly<Record<string, (text: string) => Result<Members, OAuthError>>> = {
  'application/x-www-form-urlencoded': parseForm,
  'application/json': parseJson,
};

/** Parses a request's body by its media type (RFC 9110 §8.3.1). */
export function parseBody(request: Request): Result<Members, OAuthError> {
  const { headers, body } = request;
  if (body.length > maximumBodyLength) return refuse('content_too_large');
  if (body.length === 0) return ok(new Map());
  const [mediaType, charset] = contentTypeOf(request);
  const parse = Object.hasOwn(parsers, mediaType) ? parsers[mediaType] : undefined;
  if (!parse || (charset !== undefined && charset !== 'utf-8')) return refuse('unsupported_media_type');
  // RFC 9110 §8.4: nothing here decompresses.
  if (headers['content-encoding'] !== undefined) return refuse('unsupported_media_type');
  if (!isUtf8(body)) return refuse('invalid_request', 'The body is not UTF-8.');
  return parse(body.toString('utf8'));
}

/** Whether the body is a form, in which every value is text. */
export const isForm = (request: Request): boolean =>
  contentTypeOf(request)[0] === 'application/x-www-form-urlencoded';

/** The media type in lower case, and its charset where it has one. */
function contentTypeOf({ headers }: Request): [mediaType: string, charset: string | undefined] {
  const [mediaType = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => /^\s*charset="?([^"\s]*)"?\s*$/.exec(parameter)?.[1]);
  return [mediaType.trim(), charset.find((value) => value !== undefined)];
}

const sentTwice = oauthError('invalid_request', 'A parameter is sent more than once.');

function parseForm(text: string): Result<Members, OAuthError> {
  const members = new Map<string, string>();
  // URLSearchParams takes a question mark at the start for no part of the first name.
  for (const [name, value] of new URLSearchParams(`&${text}`)) {
    // RFC 6749 §3.2: parameters must not be included more than once.
    if (members.has(name)) return failed(sentTwice);
    members.set(name, value);
  }
  return ok(members);
}

function parseJson(text: string): Result<Members, OAuthError> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('invalid_request', 'The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('invalid_request', 'The JSON body must be an object.');
  }
  const members = new Map<string, unknown>(Object.entries(value));
  if (membersIn(text) > members.size) return failed(sentTwice);
  return ok(members);
}

/** How many members the outermost object of valid JSON has as written; `JSON.parse` keeps the last of a name. */
function membersIn(json: string): number {
  let depth = 0;
  let members = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ':' && depth === 1) members += 1;
  }
  return members;
}

/** The named parameters of a request's body, each of them a string. */
export function parseParameters<Name extends string>(
  request: Request,
  names: readonly Name[],
): Result<TextParameters<Name>, OAuthError> {
  const members = parseBody(request);
  return members.ok ? textParameters(members.value, names) : members;
}

/** Parameters that are strings, by name; one that is absent or empty is undefined (RFC 6749 §3.2). */
export type TextParameters<Name extends string> = { readonly [name in Name]?: string };

/** Takes the named parameters, each of which must be a string; all others are ignored (RFC 6749 §3.2). */
export function textParameters<Name extends string>(
  members: Members,
  names: readonly Name[],
): Result<TextParameters<Name>, OAuthError> {
  const texts: { [name in Name]?: string } = {};
  for (const name of names) {
    const value = members.get(name);
    if (value === undefined || value === '') continue;
    if (typeof value !== 'string') return refuse('invalid_request', `${name} must be a string.`);
    texts[name] = value;
  }
  return ok(texts);
}
