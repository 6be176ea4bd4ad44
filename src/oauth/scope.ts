import type { Client } from '../clients/client.ts';
import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { TokenPolicy } from './token-policy.ts';

/** scope-token of RFC 6749 §3.3, less `*`, which has a meaning in what a client is allowed. */
const scopeToken = /^[\x21\x23-\x29\x2B-\x5B\x5D-\x7E]+$/;

/** Characters of a scope; a longer one makes tokens that do not fit into a header. */
const maximumScopeLength = 2_000;

/** The single tokens of a scope (RFC 6749 §3.3); a text that is no scope has a token that matches nothing. */
export const scopeTokens = (scope: string): readonly string[] => (scope === '' ? [] : scope.split(' '));

/** Whether `allowed`, exact or a prefix that ends in `*`, covers `token`. A prefix covers more than itself. */
export function covers(allowed: string, token: string): boolean {
  if (!allowed.endsWith('*')) return allowed === token;
  const prefix = allowed.slice(0, -1);
  return token.length > prefix.length && token.startsWith(prefix);
}

/**
 * The scope that a client gets: what it asked for, as it asked, or its default scopes when it asked for none
 * (RFC 6749 §3.3). All or nothing: a token with less than was asked surprises at the first call.
 */
export function grantScope(
  client: Client,
  requested: string | undefined,
  { requiredScopes }: Pick<TokenPolicy, 'requiredScopes'>,
): Result<string, OAuthError> {
  const refused = (description: string) => refuse('invalid_scope', description, { clientId: client.id });
  const scope = requested ?? client.defaultScopes.join(' ');
  if (scope === '') return refused('This client has no default scope: ask for one.');
  if (scope.length > maximumScopeLength) {
    return refused(`The scope is longer than ${maximumScopeLength} characters.`);
  }
  const tokens = scopeTokens(scope);
  if (!tokens.every((token) => scopeToken.test(token))) {
    return refused('The scope must be tokens of printable ASCII, with one space between two.');
  }
  if (!tokens.every((token) => client.scopes.some((allowed) => covers(allowed, token)))) {
    return refused('The scope is unknown, or not allowed for this client.');
  }
  const missing = missingScope(client, tokens, { requiredScopes });
  return missing === undefined ? ok(scope) : refused(missing);
}

/** What each scope of a client must name, and `tokens` do not, if there is such. */
function missingScope(
  client: Client,
  tokens: readonly string[],
  { requiredScopes }: Pick<TokenPolicy, 'requiredScopes'>,
): string | undefined {
  const required = [...client.requiredScopes, ...requiredScopes[client.kind]];
  const missing = required.find((pattern) => !tokens.some((token) => covers(pattern, token)));
  return missing === undefined ? undefined : `The scope must name one of ${missing}.`;
}
