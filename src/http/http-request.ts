import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** An HTTP request as the endpoints see it. */
export interface Request {
  readonly path: string;
  /** Names in lower case; a header sent twice is one value with a comma, as RFC 9110 §5.3 has it. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** For the API behind. The authorization server never reads it: credentials must not be there (RFC 6749 §2.3.1). */
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly pathParameters: Readonly<Record<string, string | undefined>>;
  /** What the authorizer in front of the route says of the caller: for `callerOf` to parse. */
  readonly authorizer: { readonly jwt?: { readonly claims: unknown }; readonly lambda?: unknown } | undefined;
  /** API Gateway's own id of the request: what joins our log to its access log. */
  readonly requestId: string;
}

export function requestOf(event: APIGatewayProxyEventV2): Request {
  const context: { authorizer?: Request['authorizer'] } & typeof event.requestContext = event.requestContext;
  return {
    path: event.rawPath,
    headers: event.headers,
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    query: event.queryStringParameters ?? {},
    pathParameters: event.pathParameters ?? {},
    authorizer: context.authorizer,
    requestId: event.requestContext.requestId,
  };
}
