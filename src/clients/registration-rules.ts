import {
  grantTypes,
  isPrintableSubject,
  jwtBearerGrantType,
  maximumClientIdLength,
  scopePatternMatches,
} from './client.ts';
import type { ClientKey, ClientKind } from './client.ts';
import { keysUnderFapi, noFapiAlgorithm } from './fapi.ts';
import { importedSecretProblem } from './imported-secret.ts';
import { isPrintable, nameProblem } from './name.ts';
import { isWebOrigin, webOrigin } from './web-origin.ts';

/** What an operator states about a new client. */
export interface ClientRegistration {
  readonly name: string;
  readonly kind: ClientKind;
  /** The `mage_id` that it opens sessions for. The client is then a session key, with no scopes and no other grant. */
  readonly account?: string;
  /** An id that the partner already has; generated if it is left out. */
  readonly clientId?: string;
  /** A secret that the partner already has. */
  readonly secret?: string;
  /** Whether a client that does not need a secret, a sales channel or one with keys, gets one. */
  readonly withSecret?: boolean;
  /** Public keys that verify its assertions. It then authenticates with assertions (RFC 7523 §2.2). */
  readonly keys?: readonly ClientKey[];
  /** `grant_type` values that it may use; client credentials if they are left out. */
  readonly grants?: readonly string[];
  /** Patterns, each of which at least one of its granted scopes must match. */
  readonly requiredScopes?: readonly string[];
  /** Patterns of the subjects that it may act for, besides itself (RFC 7523 §2.1). */
  readonly subjects?: readonly string[];
  /** Audiences that it may request tokens for, besides the stage's own (RFC 8707). */
  readonly audiences?: readonly string[];
  /** Origins of the web pages that may use it in a browser; every page may if there are none. */
  readonly allowedOrigins?: readonly string[];
  readonly dpopBoundAccessTokens?: boolean;
  readonly mayIntrospect?: boolean;
  /** Whether it is held to FAPI 2.0: it authenticates with its keys alone, and its tokens are bound by DPoP. */
  readonly fapi?: boolean;
  readonly scopes: readonly string[];
  readonly defaultScopes: readonly string[];
  /** Lifetime of its tokens in seconds, where it differs from the stage's lifetime for its kind. */
  readonly tokenLifetime?: number;
  readonly claims: Readonly<Record<string, string>>;
}

/** In what the rules of stages differ. */
export interface StageRules {
  /** Whether a client with a secret needs no key for the jwt-bearer grant; false if it is left out. */
  readonly unsignedAssertions?: boolean;
}

/** What is wrong with one field of a registration. */
export interface RegistrationProblem<Field extends string = keyof ClientRegistration> {
  readonly field: Field;
  /** To be read after the name of the field: "must not be empty". */
  readonly problem: string;
}

/** Claims that the server states itself, or that an authorizer passes on with a meaning of its own. */
const reservedClaims: ReadonlySet<string> = new Set([
  'iss',
  'aud',
  'sub',
  'client_id',
  'scope',
  'scp',
  'iat',
  'nbf',
  'exp',
  'jti',
  'cnf',
  'act',
  'origin',
  'application',
  'organization',
  'market',
  'owner',
  'custom_claim',
  'test',
  'rand',
  'token_generation',
  'account',
  'secret_id',
  'error',
  'error_description',
  'required_scope',
  'challenge',
  'dpop_nonce',
]);

/** Characters of scopes, subjects, audiences, origins and claims together: the record of a client must stay under 4 KB. */
const maximumListLength = 1_500;

/**
 * Whether a client may be registered for an audience: an absolute URI without a fragment (RFC 8707 §2), or a logical
 * name (RFC 8693 §2.1).
 */
const isAudience = (audience: string): boolean =>
  /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/.test(audience) && !(URL.canParse(audience) && audience.includes('#'));

type Rule = (registration: ClientRegistration, stage: StageRules) => RegistrationProblem | undefined;

const rules: readonly Rule[] = [
  ({ name }) => {
    const problem = nameProblem(name);
    return problem === undefined ? undefined : { field: 'name', problem };
  },
  ({ clientId }) => {
    if (clientId === undefined) return undefined;
    const valid =
      clientId.length <= maximumClientIdLength && /^[\x21\x24-\x39\x3B-\x5B\x5D-\x7E]+$/.test(clientId);
    return valid
      ? undefined
      : {
          field: 'clientId',
          problem: `must have 1 to ${maximumClientIdLength} characters of printable ASCII, without space, colon, quote, backslash or number sign`,
        };
  },
  ({ secret }) => {
    const problem = secret === undefined ? undefined : importedSecretProblem(secret);
    return problem === undefined ? undefined : { field: 'secret', problem };
  },
  (registration) => {
    if (registration.account === undefined) return undefined;
    if (registration.kind !== 'integration') {
      return { field: 'kind', problem: 'must be integration for a session key' };
    }
    const {
      scopes,
      defaultScopes,
      requiredScopes = [],
      keys = [],
      subjects = [],
      audiences = [],
      grants = [],
    } = registration;
    const given: readonly [keyof ClientRegistration, boolean][] = [
      ['scopes', scopes.length > 0],
      ['defaultScopes', defaultScopes.length > 0],
      ['requiredScopes', requiredScopes.length > 0],
      ['claims', Object.keys(registration.claims).length > 0],
      ['keys', keys.length > 0],
      ['subjects', subjects.length > 0],
      ['audiences', audiences.length > 0],
      ['grants', grants.length > 0],
      ['dpopBoundAccessTokens', registration.dpopBoundAccessTokens === true],
      ['mayIntrospect', registration.mayIntrospect === true],
      ['fapi', registration.fapi === true],
    ];
    const [field] = given.find(([, isGiven]) => isGiven) ?? [];
    return (
      field && {
        field,
        problem:
          'must be left out for a session key, which opens sessions with its secret and does nothing else',
      }
    );
  },
  ({ account, scopes }) =>
    account !== undefined || scopes.length > 0
      ? undefined
      : {
          field: 'scopes',
          problem: 'must name at least one scope: a client without a scope could never get a token',
        },
  (registration) => {
    const field = (['scopes', 'defaultScopes', 'requiredScopes'] as const).find((name) =>
      registration[name]?.some((scope) => !/^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/.test(scope)),
    );
    return (
      field && {
        field,
        problem: 'must have 1 to 200 characters of printable ASCII, without space, quote or backslash',
      }
    );
  },
  (registration) => {
    const field = (['scopes', 'requiredScopes'] as const).find((name) =>
      registration[name]?.some((scope) => scope.slice(0, -1).includes('*')),
    );
    return field && { field, problem: 'may contain * only as the last character, as in market:id:*' };
  },
  ({ scopes, defaultScopes }) => {
    const pattern = defaultScopes.find((scope) => scope.includes('*'));
    if (pattern !== undefined) {
      return { field: 'defaultScopes', problem: `must be exact scopes, and ${pattern} is a pattern` };
    }
    const outside = defaultScopes.find(
      (scope) => !scopes.some((allowed) => scopePatternMatches(allowed, scope)),
    );
    if (outside === undefined) return undefined;
    return {
      field: 'defaultScopes',
      problem: `must be among the scopes of the client, and ${outside} is not`,
    };
  },
  ({ tokenLifetime }) =>
    tokenLifetime === undefined || (Number.isSafeInteger(tokenLifetime) && tokenLifetime > 0)
      ? undefined
      : { field: 'tokenLifetime', problem: 'must be a whole number of seconds above 0' },
  ({ claims }) => {
    const names = Object.keys(claims);
    if (!names.every((name) => /^[A-Za-z][\w.:/-]{0,99}$/.test(name))) {
      return {
        field: 'claims',
        problem:
          'must have names of 1 to 100 characters that begin with a letter and consist of letters, digits and . : / _ -',
      };
    }
    if (!Object.values(claims).every(isPrintable)) {
      return { field: 'claims', problem: 'must have values of printable characters, on one line' };
    }
    const reserved = names.find((name) => reservedClaims.has(name));
    return reserved === undefined
      ? undefined
      : {
          field: 'claims',
          problem: `must not contain ${reserved}, which the server states itself: choose another name`,
        };
  },
  (registration, { unsignedAssertions = false }) => {
    const { grants = [], keys = [], kind, withSecret = false, secret } = registration;
    const known: readonly string[] = grantTypes;
    if (!grants.every((grant) => known.includes(grant))) {
      return { field: 'grants', problem: `must be one of ${known.join(', ')}` };
    }
    if (!grants.includes(jwtBearerGrantType) || keys.length > 0) return undefined;
    const hasSecret = kind !== 'sales_channel' || withSecret || secret !== undefined;
    if (unsignedAssertions && hasSecret) return undefined;
    return {
      field: 'keys',
      problem: unsignedAssertions
        ? 'or a secret must be given for the grant jwt-bearer: one of them shows that an assertion is of the client itself'
        : 'must be given for the grant jwt-bearer: a public key verifies the assertions',
    };
  },
  ({ fapi, kind, keys = [], secret, withSecret }) => {
    if (fapi !== true) return undefined;
    // FAPI 2.0 Security Profile §5.3.2.1: only confidential clients, which authenticate without a shared secret.
    if (kind !== 'integration') return { field: 'kind', problem: 'must be integration under FAPI 2.0' };
    if (keys.length === 0) {
      return { field: 'keys', problem: 'must be given for FAPI 2.0, under which a client has no secret' };
    }
    if (secret !== undefined || withSecret === true) {
      return {
        field: secret === undefined ? 'withSecret' : 'secret',
        problem: 'must be left out under FAPI 2.0, which allows private_key_jwt only',
      };
    }
    return keysUnderFapi(keys) ? undefined : { field: 'keys', problem: noFapiAlgorithm };
  },
  ({ keys = [] }) =>
    keys.every(({ kid }) => isPrintable(kid))
      ? undefined
      : { field: 'keys', problem: 'must have a kid of printable characters, on one line' },
  ({ subjects = [], grants = [] }) => {
    if (subjects.length === 0) return undefined;
    if (!grants.includes(jwtBearerGrantType)) {
      return { field: 'subjects', problem: 'is for the grant jwt-bearer, which the client does not have' };
    }
    if (!subjects.every(isPrintableSubject)) {
      return { field: 'subjects', problem: 'must have 1 to 255 characters, on one line' };
    }
    return subjects.some((subject) => subject.slice(0, -1).includes('*'))
      ? { field: 'subjects', problem: 'may contain * only as the last character, as in customer-*' }
      : undefined;
  },
  ({ audiences = [] }) =>
    audiences.every(isAudience)
      ? undefined
      : {
          field: 'audiences',
          problem:
            'must be an absolute URI without a fragment, such as https://stock.example.com, or a name of printable ASCII without space, quote or backslash',
        },
  ({ allowedOrigins = [] }) => {
    const wrong = allowedOrigins.find((origin) => !isWebOrigin(origin));
    if (wrong === undefined) return undefined;
    const field = 'allowedOrigins';
    const origin = webOrigin(wrong);
    return {
      field,
      problem:
        origin === undefined
          ? 'must be an origin as browsers send it, without a wildcard, such as https://shop.example.com'
          : `must be an origin as browsers send it: write ${origin}`,
    };
  },
  ({ scopes, defaultScopes, requiredScopes, subjects, audiences, allowedOrigins, claims }) => {
    const { length } = JSON.stringify([
      scopes,
      defaultScopes,
      requiredScopes,
      subjects,
      audiences,
      allowedOrigins,
      claims,
    ]);
    if (length <= maximumListLength) return undefined;
    return {
      field: 'scopes',
      problem: `must be shorter: scopes, subjects, audiences, origins and claims have ${length} characters together, and the maximum is ${maximumListLength}. A pattern such as market:id:* stands for many scopes`,
    };
  },
];

/** The first problem of a registration; undefined if it is valid. */
export function registrationProblem(
  registration: ClientRegistration,
  stage: StageRules = {},
): RegistrationProblem | undefined {
  for (const rule of rules) {
    const problem = rule(registration, stage);
    if (problem) return problem;
  }
  return undefined;
}

/** The longest lifetimes of tokens that a stage grants, in seconds. */
export interface MaximumLifetimes {
  readonly accessToken: number;
  readonly session: number;
}

/** The problem of a token lifetime that the stage would never grant. */
export function lifetimeProblem(
  { account, tokenLifetime = 0 }: Pick<ClientRegistration, 'account' | 'tokenLifetime'>,
  maximums: MaximumLifetimes,
): RegistrationProblem | undefined {
  const [maximum, what] =
    account === undefined ? [maximums.accessToken, 'an access token'] : [maximums.session, 'a session token'];
  if (tokenLifetime <= maximum) return undefined;
  return {
    field: 'tokenLifetime',
    problem: `must be at most ${maximum} seconds, which is the maximum of the stage for ${what}`,
  };
}
