import { scopePatternMatches } from '../clients/client.ts';
import type { Client } from '../clients/client.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { TokenPolicy } from './stage-policies.ts';

/** scope-token of RFC 6749 §3.3, without `*`, which has a meaning in the scope patterns of clients. */
const scopeToken = /^[\x21\x23-\x29\x2B-\x5B\x5D-\x7E]+$/;

/** Whether a string is one scope that a client may request. */
export const isScopeToken = (token: string): boolean => scopeToken.test(token);

/** Maximum length of a scope in characters. A token with a longer one would not fit into a header. */
const maximumScopeLength = 2_000;

/** The scope tokens of a scope (RFC 6749 §3.3). More spaces than one between or around them are ignored. */
export const scopeTokens = (scope: string): readonly string[] =>
  scope.split(' ').filter((token) => token !== '');

/**
 * The scope that a client gets: exactly what it requests, or its default scopes if it requests none (RFC 6749 §3.3).
 */
export function grantScope(
  client: Client,
  requested: string | undefined,
  policy: Pick<TokenPolicy, 'requiredAnyOf'>,
): Result<string, RequestError> {
  const tokens = scopeTokens(requested ?? '');
  return grantScopeTokens(client, tokens.length > 0 ? tokens : client.defaultScopes, policy);
}

/**
 * The scope of these tokens, if the client may have each of them. A scope is granted completely or refused, because a
 * token with less than was requested fails at the first call.
 */
export function grantScopeTokens(
  client: Client,
  tokens: readonly string[],
  { requiredAnyOf }: Pick<TokenPolicy, 'requiredAnyOf'>,
): Result<string, RequestError> {
  const invalidScope = (description: string) =>
    errorResult('invalid_scope', description, { clientId: client.id });
  const scope = tokens.join(' ');
  if (scope === '') return invalidScope('This client has no default scope: request one.');
  if (scope.length > maximumScopeLength) {
    return invalidScope(`The scope is longer than ${maximumScopeLength} characters.`);
  }
  if (!tokens.every(isScopeToken)) {
    return invalidScope('The scope must consist of tokens of printable ASCII, separated by spaces.');
  }
  if (!tokens.every((token) => client.scopes.some((pattern) => scopePatternMatches(pattern, token)))) {
    return invalidScope('The scope is unknown, or not allowed for this client.');
  }
  const isGranted = (pattern: string) => tokens.some((token) => scopePatternMatches(pattern, token));
  const missing = client.requiredScopes.find((pattern) => !isGranted(pattern));
  if (missing !== undefined) return invalidScope(`The scope must contain one of ${missing}.`);
  const anyOf = requiredAnyOf[client.kind];
  if (anyOf.length > 0 && !anyOf.some(isGranted)) {
    return invalidScope(`The scope must contain one of ${anyOf.join(', ')}.`);
  }
  return ok(scope);
}
