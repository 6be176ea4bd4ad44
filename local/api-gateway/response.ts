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

/** AWS never gives this response: the runtime of the function is not on this machine. */
export const runtimeNotHere = (functionName: string, reason: string): GatewayResponse => ({
  status: 501,
  message: `The function ${functionName} does not run on this machine: ${reason}`,
});

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

/** The response of an integration. */
export interface IntegrationResponse {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/** The response that a function returned; undefined where it is malformed. */
export function parseResult(result: unknown): IntegrationResponse | undefined {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    // A result that is no HTTP response is the body of one.
    const body = typeof result === 'string' ? result : JSON.stringify(result ?? null);
    const headers = new Map([['content-type', 'application/json']]);
    return { status: 200, headers, cookies: [], body: Buffer.from(body) };
  }
  const parsed = v.safeParse(ProxyResponse, result);
  if (!parsed.success) return undefined;
  const { statusCode, headers, cookies = [], body, isBase64Encoded } = parsed.output;
  const named = Object.entries(headers ?? {}).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ]);
  return {
    status: statusCode,
    headers: new Map([['content-type', 'text/plain;charset=UTF-8'], ...named]),
    cookies,
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

export function sendIntegrationResponse(
  response: ServerResponse,
  { status, headers, cookies, body }: IntegrationResponse,
): void {
  response.statusCode = status;
  for (const [name, value] of headers) {
    // The gateway states the length and the connection itself.
    if (!/^(?:content-length|connection|transfer-encoding)$/.test(name)) response.setHeader(name, value);
  }
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  sendBody(response, body);
}

/** The response to HEAD states the length of the body that Node.js leaves out of it (RFC 9110 §9.3.2). */
function sendBody(response: ServerResponse, body: string | Buffer): void {
  const length = Buffer.byteLength(body);
  if (length > 0) response.setHeader('content-length', length);
  response.end(body);
}
