/**
 * `postern/caller`: what the handlers of one's own API read of their caller. It imports nothing, so that it costs them
 * nothing at their cold start.
 */

/** A caller whom the authorizer of the route has accepted. */
export interface Caller {
  readonly denied: false;
  readonly clientId: string;
  /** `mage_id` of the account that the caller acts for; undefined unless the token is a session token. */
  readonly account: string | undefined;
  readonly scopes: readonly string[];
  /**
   * All that the authorizer states as strings: the registered claims of the client, and behind API Gateway's JWT
   * authorizer every claim of the token.
   */
  readonly claims: Readonly<Record<string, string>>;
}

/** A caller who must not be served. */
export interface Denied {
  readonly denied: true;
  /** `invalid_token`, `insufficient_scope` and so on; empty for a request without a token (RFC 6750 §3.1). */
  readonly error: string;
  readonly description: string;
  /** What the handler returns: 401, 403 or 503 with a challenge (RFC 6750 §3) and a body that says the same. */
  readonly response: DenialResponse;
}

/** A response as API Gateway takes it from a function. */
export interface DenialResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The part of API Gateway's event, payload format 2.0, that is read. */
export interface CallerEvent {
  readonly requestContext: { readonly authorizer?: unknown };
}

export interface CallerOptions {
  /** `realm` of challenges (RFC 9110 §11.5); `api` if it is left out. */
  readonly realm?: string;
  /** Whether responses repeat their challenge in a header of our own: what `restoreChallenges` of the stage says. */
  readonly restoreChallenges?: boolean;
}

/**
 * The caller of a request behind either authorizer, or the response to a caller who is denied. What is not understood
 * denies, so that a route without an authorizer serves nobody.
 *
 * ```ts
 * const caller = callerOf(event);
 * if (caller.denied) return caller.response;
 * ```
 */
export function callerOf(event: CallerEvent, options: CallerOptions = {}): Caller | Denied {
  const context = contextOf(event.requestContext.authorizer);
  const { error, client_id: clientId, scope, account } = context;
  if (error !== undefined || clientId === undefined || scope === undefined) return denied(context, options);
  return { denied: false, clientId, account, scopes: scope.split(' ').filter(Boolean), claims: context };
}

/**
 * The caller if the token has this scope, or else the response of RFC 6750 §3.1. A caller who is denied already stays
 * so. The authorizer has checked the scope of the route; this is for what only the handler can know.
 *
 * ```ts
 * const caller = requireScope(callerOf(event), 'orders:cancel');
 * if (caller.denied) return caller.response;
 * ```
 */
export function requireScope(
  caller: Caller | Denied,
  scope: string,
  options: CallerOptions = {},
): Caller | Denied {
  if (caller.denied || caller.scopes.includes(scope)) return caller;
  return denied({ error: 'insufficient_scope', required_scope: scope }, options);
}

type Context = Readonly<Record<string, string>>;

/** The strings that an authorizer states. API Gateway's JWT authorizer has them in `jwt.claims`. */
function contextOf(authorizer: unknown): Context {
  const stated = memberOf(memberOf(authorizer, 'jwt'), 'claims') ?? memberOf(authorizer, 'lambda');
  if (typeof stated !== 'object' || stated === null) return {};
  return Object.fromEntries(
    Object.entries(stated).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

interface Row {
  readonly status: number;
  /** What the client reads as `error`, if that is not the name of the row. */
  readonly error?: string;
  readonly description: string;
}

/** Also what a context becomes that is not understood. RFC 6750 §3.1: it has no error code. */
const missingToken: Row = { status: 401, error: '', description: 'An access token is required.' };

/** The errors that the authorizer states. A test holds them against the table of every error. */
const rows: ReadonlyMap<string, Row> = new Map<string, Row>([
  ['missing_token', missingToken],
  ['invalid_token', { status: 401, description: 'The token is malformed, unknown, expired or revoked.' }],
  [
    'account_disabled',
    {
      status: 401,
      error: 'invalid_token',
      description: 'The account of this session is disabled. Its operator alone can enable it.',
    },
  ],
  ['insufficient_scope', { status: 403, description: 'The token lacks the scope that this request needs.' }],
  [
    'resource_dpop_proof',
    { status: 401, error: 'invalid_dpop_proof', description: 'The DPoP proof is missing or not valid.' },
  ],
  [
    'resource_dpop_nonce',
    {
      status: 401,
      error: 'use_dpop_nonce',
      description: 'The DPoP proof must contain the nonce of this response.',
    },
  ],
  [
    'temporarily_unavailable',
    { status: 503, description: 'The server cannot decide this now. Try again in a moment.' },
  ],
  ['server_error', { status: 500, description: 'The server failed.' }],
]);

function denied(context: Context, { realm = 'api', restoreChallenges = false }: CallerOptions): Denied {
  const { error: code = '', error_description: stated, required_scope: scope, dpop_nonce: nonce } = context;
  const row = rows.get(code);
  const { status, error = code, description: usual } = row ?? missingToken;
  // The characters that RFC 6749 §5.2 allows.
  const description = ((row && stated) ?? usual).replaceAll(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, '?');
  const challenge = status < 500 ? challengeOf(context, realm, error, description) : undefined;
  return {
    denied: true,
    error,
    description,
    response: {
      statusCode: status,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        pragma: 'no-cache',
        ...(status === 503 && { 'retry-after': '2' }),
        ...(nonce !== undefined && { 'dpop-nonce': nonce }),
        ...(challenge !== undefined && { 'www-authenticate': challenge }),
        ...(challenge !== undefined && restoreChallenges && { 'postern-challenge': challenge }),
      },
      body: JSON.stringify({
        ...(error !== '' && { error }),
        error_description: description,
        ...(scope !== undefined && { scope }),
      }),
    },
  };
}

/** RFC 6750 §3, RFC 9449 §7.1 */
function challengeOf(context: Context, realm: string, error: string, description: string): string {
  if (error === '') return `Bearer realm="${realm}"`;
  const { required_scope: scope, challenge: scheme } = context;
  const parameters = [
    `realm="${realm}"`,
    `error="${error}"`,
    `error_description="${description}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(scheme === 'DPoP' ? [`algs="${proofAlgorithms}"`] : []),
  ];
  return `${scheme === 'DPoP' ? scheme : 'Bearer'} ${parameters.join(', ')}`;
}

/** The algorithms of DPoP proofs. The same test holds them. */
const proofAlgorithms = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519';
