import type { Clock } from '../../clock.ts';
import type { JwtSigner } from '../../keys/sign-jwt.ts';
import {
  introspectionJwtType,
  introspectionParameters,
  introspectToken,
  signIntrospection,
} from '../../oauth/introspection.ts';
import type { IntrospectionCapabilities } from '../../oauth/introspection.ts';
import { ok } from '../../result.ts';
import { parseParameters } from '../body.ts';
import type { RequestHandler } from '../endpoint.ts';
import { json, noStore } from '../http-message.ts';

interface IntrospectionEndpointOptions extends IntrospectionCapabilities {
  /** Signs responses that are requested as a JWT (RFC 9701). */
  readonly introspectionSigner: () => Promise<JwtSigner>;
  readonly clock: Clock;
}

const jwtMediaType = `application/${introspectionJwtType}`;

/** `POST /oauth/introspect` (RFC 7662 §2). */
export function introspectionEndpoint(options: IntrospectionEndpointOptions): RequestHandler {
  return async (request) => {
    const parameters = parseParameters(request, introspectionParameters);
    if (!parameters.ok) return parameters;
    const introspection = await introspectToken(request.headers['authorization'], parameters.value, options);
    if (!introspection.ok) return introspection;
    if (!acceptsExplicitly(request.headers['accept'], jwtMediaType)) {
      return ok(json(200, introspection.value.response));
    }
    // RFC 9701 §5
    const body = await signIntrospection(introspection.value, options);
    return ok({ statusCode: 200, headers: { 'content-type': jwtMediaType, ...noStore }, body });
  };
}

/** Whether an `Accept` header names a media type itself. A wildcard requests plain JSON (RFC 9701 §4). */
const acceptsExplicitly = (accept: string | undefined, mediaType: string) =>
  (accept ?? '').split(',').some((range) => range.split(';')[0]?.trim().toLowerCase() === mediaType);
