import {
  introspectionJwtType,
  introspectionParameters,
  introspectToken,
  signIntrospection,
} from '../../oauth/introspection.ts';
import type { IntrospectionContext } from '../../oauth/introspection.ts';
import { ok } from '../../result.ts';
import { parseParameters } from '../body.ts';
import type { EndpointOptions } from '../endpoint.ts';
import { json, noStore } from '../http-response.ts';

const jwtMediaType = `application/${introspectionJwtType}`;

/** `POST /oauth/introspect` over HTTP (RFC 7662 §2). */
export function introspectionRequest(context: IntrospectionContext): EndpointOptions['handle'] {
  return async (request) => {
    const parameters = parseParameters(request, introspectionParameters);
    if (!parameters.ok) return parameters;
    const introspection = await introspectToken(request.headers['authorization'], parameters.value, context);
    if (!introspection.ok) return introspection;
    if (!accepts(request.headers['accept'], jwtMediaType)) {
      return ok(json(200, introspection.value.response, noStore));
    }
    // RFC 9701 §5
    const body = await signIntrospection(introspection.value, context);
    return ok({ statusCode: 200, headers: { 'content-type': jwtMediaType, ...noStore }, body });
  };
}

/** Whether an `Accept` header names a media type itself; a wildcard asks for the usual (RFC 9701 §4). */
const accepts = (accept: string | undefined, mediaType: string) =>
  (accept ?? '').split(',').some((range) => range.split(';')[0]?.trim().toLowerCase() === mediaType);
