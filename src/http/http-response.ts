import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export type Response = APIGatewayProxyStructuredResultV2;

type Headers = Readonly<Record<string, string>>;

/** RFC 6749 §5.1: no cache may keep an answer with a token, nor its errors. */
export const noStore: Headers = { 'cache-control': 'no-store', pragma: 'no-cache' };

export function json(statusCode: number, body: unknown, headers: Headers): Response {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}
