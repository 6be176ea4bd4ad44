import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  JOSEError,
  JWKSTimeout,
  JWSSignatureVerificationFailed,
  JWTClaimValidationFailed,
  JWTExpired,
} from 'jose/errors';
import * as v from 'valibot';
import { causeOf, LocalFailure } from '../failure.ts';
import type { Authorizer } from './authorizer.ts';
import { refused } from './authorizer.ts';
import { identitySource } from './identity-source.ts';
import { claimStrings } from './jwt-claims.ts';

interface JwtConfiguration {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Selection expression of where the token is. */
  readonly identitySource: string;
  /** Where a URL of the issuer is served, if it is not known by that URL on this machine. */
  readonly locate?: (url: string) => string;
  /** How long the discovery document and the keys may take, each. */
  readonly timeoutMilliseconds?: number;
  /** How long the function behind the discovery document may take to start. */
  readonly startMilliseconds?: number;
}

/** The limit that API Gateway documents for each of the two. */
const documentedTimeoutMilliseconds = 1_500;

/** The time that Lambda gives to INIT. */
const initMilliseconds = 10_000;

const DiscoveryDocument = v.object({ issuer: v.string(), jwks_uri: v.string() });

/** The HTTP API's own authorizer verifies RSA signatures and no others. */
const algorithms = ['RS256', 'RS384', 'RS512'];

const keyCacheMilliseconds = 2 * 60 * 60 * 1_000;
const unknownKeyCooldownMilliseconds = 30_000;

/** The JWT authorizer of an HTTP API. It reads the issuer's discovery document, as API Gateway does at its creation. */
export async function createJwtAuthorizer(configuration: JwtConfiguration): Promise<Authorizer> {
  const source = identitySource(configuration.identitySource);
  const { issuer, locate = (url) => url } = configuration;
  const { timeoutMilliseconds = documentedTimeoutMilliseconds, startMilliseconds = initMilliseconds } =
    configuration;
  const document = await readDiscoveryDocument(issuer, locate, [startMilliseconds, timeoutMilliseconds]);
  const keys = createRemoteJWKSet(new URL(locate(document.jwks_uri)), {
    timeoutDuration: timeoutMilliseconds,
    cacheMaxAge: keyCacheMilliseconds,
    cooldownDuration: unknownKeyCooldownMilliseconds,
  });

  return {
    async authorize(request, match) {
      const value = source(request, match);
      if (!value) return refused(401, 'Unauthorized', { 'www-authenticate': 'Bearer' });
      const demanded = match.route.scopes;
      const challenge = `Bearer scope="${demanded.join(' ')}"`;

      let claims: JWTPayload;
      try {
        claims = await verifiedClaims(value.replace(/^bearer /i, ''), keys, configuration);
      } catch (error) {
        return refused(401, 'Unauthorized', {
          'www-authenticate': `${challenge} error="invalid_token" error_description="${description(error)}"`,
        });
      }
      const held = scopesOf(claims);
      const scopes = demanded.filter((scope) => held.includes(scope));
      if (demanded.length > 0 && scopes.length === 0) {
        return refused(403, 'Forbidden', {
          'www-authenticate': `${challenge} error="insufficient_scope" error_description="the token does not have a required scope"`,
        });
      }
      const jwt = { claims: claimStrings(claims), scopes: scopes.length > 0 ? scopes : null };
      return { allowed: true, context: { jwt } };
    },
  };
}

async function readDiscoveryDocument(
  issuer: string,
  locate: (url: string) => string,
  [startMilliseconds, timeoutMilliseconds]: readonly [number, number],
): Promise<v.InferOutput<typeof DiscoveryDocument>> {
  const url = locate(`${issuer}/.well-known/openid-configuration`);
  const read = async (milliseconds: number) => {
    const response = await fetch(url, { signal: AbortSignal.timeout(milliseconds) });
    if (!response.ok) throw new LocalFailure(`status ${response.status}`);
    return v.parse(DiscoveryDocument, await response.json());
  };
  let document: v.InferOutput<typeof DiscoveryDocument>;
  try {
    // The first response may wait for the function behind it, which starts more slowly on a busy laptop than in Lambda.
    // It is the second one that must come in time.
    await read(startMilliseconds);
    document = await read(timeoutMilliseconds);
  } catch (error) {
    throw new LocalFailure(`no discovery document at ${url} (${causeOf(error)})`, { cause: error });
  }
  if (document.issuer !== issuer) {
    throw new LocalFailure(`the discovery document at ${url} names another issuer, ${document.issuer}`);
  }
  return document;
}

async function verifiedClaims(
  token: string,
  keys: JWTVerifyGetKey,
  { issuer, audience }: JwtConfiguration,
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keys, { algorithms, issuer, requiredClaims: ['exp'] });
  const audiences = [payload.aud ?? payload['client_id']].flat();
  if (!audiences.some((one) => typeof one === 'string' && audience.includes(one))) {
    throw new JWTClaimValidationFailed('unexpected "aud" claim value', payload, 'aud', 'check_failed');
  }
  // `jwtVerify` looks at `iat` only where a maximum age is set.
  if (payload.iat !== undefined && payload.iat > Date.now() / 1_000) {
    throw new JWTClaimValidationFailed('"iat" is in the future', payload, 'iat', 'check_failed');
  }
  return payload;
}

/** `scope` is a string with spaces (RFC 8693 §4.2); some issuers have a list in `scp`. */
function scopesOf({ scope, scp }: JWTPayload): string[] {
  return [scope, scp].flat().flatMap((one) => (typeof one === 'string' ? one.split(' ') : []));
}

const claimDescriptions: Readonly<Record<string, string>> = {
  aud: 'the token does not have a valid audience',
  iss: 'the token does not have a valid issuer',
  exp: 'the token has expired',
  nbf: 'the token is not valid yet',
  iat: 'the token was issued in the future',
};

/** What API Gateway says if the keys could not be read, in time or at all. */
const keysNotRead = 'JWKS communication error';

function description(error: unknown): string {
  if (error instanceof JWTExpired) return 'the token has expired';
  if (error instanceof JWTClaimValidationFailed)
    return claimDescriptions[error.claim] ?? 'the token has an invalid claim';
  if (error instanceof JWSSignatureVerificationFailed) return 'the token has an invalid signature';
  if (error instanceof JWKSTimeout) return keysNotRead;
  if (error instanceof JOSEError && error.code.startsWith('ERR_JWKS'))
    return 'no key of the issuer fits the token';
  if (error instanceof JOSEError && error.code === 'ERR_JOSE_ALG_NOT_ALLOWED')
    return 'the signing method is invalid';
  // A response of another status than 200, or none.
  if (!(error instanceof JOSEError) || error.code === 'ERR_JOSE_GENERIC') return keysNotRead;
  return 'the token is malformed';
}
