import type { ServerResponse } from 'node:http';
import * as v from 'valibot';

/** A response that API Gateway gives by itself. */
export interface GatewayResponse {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const internalServerError: GatewayResponse = { status: 500, message: 'Internal Server Error' };
export const notFound: GatewayResponse = { status: 404, message: 'Not Found' };

export function sendGatewayResponse(
  response: ServerResponse,
  { status, message, headers }: GatewayResponse,
): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  sendBody(response, JSON.stringify({ message }));
}

const scalar = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));

const ProxyResponse = v.object({
  statusCode: v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599)),
  headers: v.optional(v.nullable(v.record(v.string(), scalar))),
  cookies: v.optional(v.array(v.string())),
  body: v.optional(v.nullable(v.string())),
  isBase64Encoded: v.optional(v.boolean(), false),
});

/** Sends what a function returned; false where it was malformed, and nothing was sent. */
export function sendResult(response: ServerResponse, result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    // A result that is no HTTP response is the body of one.
    const body = typeof result === 'string' ? result : JSON.stringify(result ?? null);
    response.statusCode = 200;
    response.setHeader('content-type', 'application/json');
    sendBody(response, body);
    return true;
  }
  const parsed = v.safeParse(ProxyResponse, result);
  if (!parsed.success) return false;
  const { statusCode, headers, cookies = [], body, isBase64Encoded } = parsed.output;
  response.statusCode = statusCode;
  response.setHeader('content-type', 'text/plain;charset=UTF-8');
  for (const [name, value] of Object.entries(headers ?? {})) {
    // The gateway states the length and the connection itself.
    if (!/^(?:content-length|connection|transfer-encoding)$/i.test(name))
      response.setHeader(name.toLowerCase(), value);
  }
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  sendBody(response, Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'));
  return true;
}

/** The response to HEAD states the length of the body that Node.js leaves out of it (RFC 9110 §9.3.2). */
function sendBody(response: ServerResponse, body: string | Buffer): void {
  const length = Buffer.byteLength(body);
  if (length > 0) response.setHeader('content-length', length);
  response.end(body);
}
