import { covers } from '../oauth/scope.ts';
import type { ClientRegistration } from './client-registration.ts';
import { grantTypes, jwtBearerGrantType } from './grant-types.ts';

/** Claims that we state ourselves, or that an authorizer passes on with a meaning of its own. */
const reservedClaims = new Set(
  'iss aud sub client_id scope scp iat nbf exp jti cnf act origin application organization market owner custom_claim test rand account error required_scope challenge dpop_nonce'.split(
    ' ',
  ),
);

/** Bits that an imported secret must have. */
const minimumSecretBits = 128;

/** Characters of what a client is allowed, all together: its record must stay under 4 KB. */
const maximumListLength = 1_500;

/** Whether a text can be a client's name: nothing in it breaks a line, moves a cursor or turns the writing. */
export const canBeName = (text: string): boolean => /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(text);

type Rule = (registration: ClientRegistration) => string | undefined;

/** Each rule says what is wrong and what would be right; a registration is taken when none has a word. */
const rules: readonly Rule[] = [
  ({ name }) => (canBeName(name) ? undefined : 'The name must have 1 to 100 characters, on one line.'),
  ({ clientId }) => {
    if (clientId === undefined || /^[\x21\x24-\x39\x3B-\x5B\x5D-\x7E]{1,128}$/.test(clientId))
      return undefined;
    return 'A client id must have 1 to 128 characters of printable ASCII, without space, colon, quote, backslash or number sign.';
  },
  ({ secret }) => {
    if (secret === undefined) return undefined;
    if (!/^[\x20-\x7E]+$/.test(secret)) return 'The secret must be printable ASCII, on one line.';
    const bits = Math.floor(secretBits(secret));
    if (bits >= minimumSecretBits) return undefined;
    return `The secret is too easy to guess: ${secret.length} characters of its kind have ${bits} bits of entropy at most, and ${minimumSecretBits} are needed. Make a new one instead: leave out --secret-stdin.`;
  },
  ({ account, kind, scopes, defaultScopes, keys = [], grants, audiences = [], ...registration }) => {
    if (account === undefined) return undefined;
    if (kind !== 'integration') return 'A session key is of the kind integration.';
    if (scopes.length > 0 || defaultScopes.length > 0)
      return 'A session key has no scopes: leave out --scope.';
    const { dpopBoundAccessTokens, mayIntrospect } = registration;
    const more = keys.length > 0 || grants !== undefined || audiences.length > 0;
    if (more || dpopBoundAccessTokens === true || mayIntrospect === true) {
      return 'A session key opens sessions with its secret, and nothing else: leave out keys, grants, audiences, DPoP and introspection.';
    }
    return undefined;
  },
  ({ account, scopes }) => {
    if (account !== undefined || scopes.length > 0) return undefined;
    return 'A client without a scope could never get a token: name at least one with --scope.';
  },
  ({ scopes, defaultScopes, requiredScopes = [] }) => {
    const all = [...scopes, ...defaultScopes, ...requiredScopes];
    if (!all.every((scope) => /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/.test(scope))) {
      return 'A scope must be printable ASCII without space, quote or backslash.';
    }
    if ([...scopes, ...requiredScopes].some((scope) => scope.slice(0, -1).includes('*'))) {
      return 'In a scope * may only be the last character, as in market:id:*';
    }
    return undefined;
  },
  ({ scopes, defaultScopes }) => {
    const wide = defaultScopes.find((scope) => scope.includes('*'));
    if (wide !== undefined) return `A default scope must be exact, and ${wide} is not.`;
    const outside = defaultScopes.find((scope) => !scopes.some((allowed) => covers(allowed, scope)));
    if (outside === undefined) return undefined;
    return `The default scope ${outside} is not among the scopes of the client: add --scope ${outside}`;
  },
  ({ tokenLifetime }) => {
    if (tokenLifetime === undefined || (Number.isSafeInteger(tokenLifetime) && tokenLifetime > 0))
      return undefined;
    return 'The token lifetime must be a whole number of seconds above 0.';
  },
  ({ claims }) => {
    const odd = Object.keys(claims).find((claim) => !/^[A-Za-z][\w.:/-]{0,99}$/.test(claim));
    if (odd !== undefined)
      return 'The name of a claim must be a letter, and letters, digits and . : / _ - after it.';
    const reserved = Object.keys(claims).find((claim) => reservedClaims.has(claim));
    return reserved && `The claim ${reserved} is stated by the server: choose another name.`;
  },
  ({ grants = [], keys = [] }) => {
    const known: readonly string[] = grantTypes;
    if (!grants.every((grant) => known.includes(grant))) return `A grant must be one of ${known.join(', ')}.`;
    if (grants.includes(jwtBearerGrantType) && keys.length === 0) {
      return 'The grant jwt-bearer needs a public key that the assertions are signed with: add --public-key FILE';
    }
    return undefined;
  },
  ({ audiences = [] }) => {
    // RFC 8707 §2: an absolute URI without a fragment.
    if (audiences.every((audience) => URL.canParse(audience) && !audience.includes('#'))) return undefined;
    return 'An audience must be an absolute URI without a fragment, such as https://stock.example.com';
  },
  ({ scopes, defaultScopes, requiredScopes, audiences, claims }) => {
    const length = JSON.stringify([scopes, defaultScopes, requiredScopes, audiences, claims]).length;
    if (length <= maximumListLength) return undefined;
    return `Scopes, audiences and claims have ${length} characters together, and ${maximumListLength} is the most there may be. A prefix such as market:id:* stands for many.`;
  },
];

/** What is wrong with a registration, and what would be right; undefined where nothing is. */
export function mistakeIn(registration: ClientRegistration): string | undefined {
  for (const rule of rules) {
    const mistake = rule(registration);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

/** Bits of entropy that a secret of this length has at most, by the narrowest alphabet that holds it. */
function secretBits(secret: string): number {
  const alphabets: readonly [RegExp, number][] = [
    [/^\d*$/, 10],
    [/^[\da-f]*$/i, 16],
    [/^[\da-z]*$|^[\dA-Z]*$/, 36],
    [/^[\w.-]*$/, 64],
  ];
  const size = alphabets.find(([form]) => form.test(secret))?.[1] ?? 95;
  return secret.length * Math.log2(size);
}
