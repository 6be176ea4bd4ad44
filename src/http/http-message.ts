import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** A request as API Gateway passes it on. */
export interface HttpRequest {
  /** Names in lower case. A header that is sent twice is one value with a comma (RFC 9110 §5.3). */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** For the API behind the tokens. The authorization server never reads credentials from it (RFC 6749 §2.3.1). */
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly pathParameters: Readonly<Record<string, string | undefined>>;
  /** What the authorizer of the route states about the caller. `callerOf` parses it. */
  readonly authorizer: { readonly jwt?: { readonly claims: unknown }; readonly lambda?: unknown } | undefined;
  /** API Gateway's id of the request, which is in its access log too. */
  readonly requestId: string;
}

export function parseHttpRequest(event: APIGatewayProxyEventV2): HttpRequest {
  const context: { authorizer?: HttpRequest['authorizer'] } & typeof event.requestContext =
    event.requestContext;
  return {
    headers: event.headers,
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    query: event.queryStringParameters ?? {},
    pathParameters: event.pathParameters ?? {},
    authorizer: context.authorizer,
    requestId: event.requestContext.requestId,
  };
}

export type HttpResponse = APIGatewayProxyStructuredResultV2;

type Headers = Readonly<Record<string, string>>;

/** RFC 6749 §5.1: no cache may keep a response with a token, or its errors. */
export const noStore: Headers = { 'cache-control': 'no-store', pragma: 'no-cache' };

export const json = (statusCode: number, body: unknown, headers: Headers = noStore): HttpResponse => ({
  statusCode,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
