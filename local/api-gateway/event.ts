import { accountId } from '../identity.ts';
import type { JsonObject } from '../template/json.ts';
import type { GatewayRequest } from './request.ts';
import type { RouteMatch } from './route.ts';

/** What both events, that of an integration and that of an authorizer, say of a request. */
export function commonEvent(request: GatewayRequest, { route, pathParameters }: RouteMatch, apiId: string) {
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: request.rawPath,
    rawQueryString: request.rawQueryString,
    ...(request.cookies.length > 0 && { cookies: request.cookies }),
    headers: request.headers,
    ...(request.rawQueryString !== '' && { queryStringParameters: request.query }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId,
      apiId,
      domainName: request.host,
      domainPrefix: request.host.split('.')[0] ?? '',
      http: {
        method: request.method,
        path: request.rawPath,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: request.id,
      routeKey: route.routeKey,
      stage: '$default',
      time: commonLogTime(request.receivedAt),
      timeEpoch: request.receivedAt.getTime(),
    },
  };
}

/** The event of a Lambda proxy integration, payload format 2.0. */
export function integrationEvent(
  request: GatewayRequest,
  match: RouteMatch,
  apiId: string,
  authorizer: JsonObject | undefined,
) {
  const { requestContext, ...event } = commonEvent(request, match, apiId);
  const encoding = isText(request.headers['content-type']) ? 'utf8' : 'base64';
  return {
    ...event,
    requestContext: { ...requestContext, ...(authorizer && { authorizer }) },
    ...(request.body.length > 0 && { body: request.body.toString(encoding) }),
    isBase64Encoded: request.body.length > 0 && encoding === 'base64',
  };
}

/** API Gateway passes on a body of these types as a string, and any other, forms among them, in base64. */
function isText(contentType: string | undefined): boolean {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return /^(?:text\/.+|application\/(?:json|xml|javascript|.+\+json))$/.test(type);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(date: Date): string {
  const [, year, , day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(date.toISOString()) ?? [];
  return `${day}/${months[date.getUTCMonth()]}/${year}:${time} +0000`;
}
