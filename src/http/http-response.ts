import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export type HttpResponse = APIGatewayProxyStructuredResultV2;

type Headers = Readonly<Record<string, string>>;

/** RFC 6749 §5.1: no cache may keep a response with a token, or its errors. */
export const noStore: Headers = { 'cache-control': 'no-store', pragma: 'no-cache' };

export const json = (statusCode: number, body: unknown, headers: Headers = noStore): HttpResponse => ({
  statusCode,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});
