import type { IncomingMessage } from 'node:http';
import { readBody } from '../loopback-server.ts';

/** The limit that API Gateway documents for an HTTP API. */
const maximumBodyBytes = 10 * 1024 * 1024;

/** The limit that API Gateway documents for the request line and the values of all headers together. */
const maximumHeadBytes = 10_240;

/** A request as API Gateway understands it, before any route is known. */
export interface GatewayRequest {
  readonly id: string;
  readonly receivedAt: Date;
  readonly method: string;
  /** As the client sent it: what routes are matched with. */
  readonly encodedPath: string;
  /** An HTTP API decodes the path that it passes on, unlike a REST API. */
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case; a header that was sent twice has both values, joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly host: string;
  readonly protocol: string;
  readonly sourceIp: string;
  readonly body: Buffer;
}

/** A request that API Gateway responds to by itself. */
export type Unreadable = { readonly status: 400 | 413 | 431; readonly message: string };

export const headTooLarge: Unreadable = { status: 431, message: 'Request Header Fields Too Large' };

// What concerns one connection is not forwarded (RFC 9110 §7.6.1).
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export async function readRequest(
  incoming: IncomingMessage,
  id: string,
): Promise<GatewayRequest | Unreadable> {
  if (headBytes(incoming) > maximumHeadBytes) return headTooLarge;
  const target = (incoming.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const [encodedPath = '/', ...query] = target.split('?');
  const rawQueryString = query.join('?');
  let rawPath: string;
  try {
    rawPath = decodeURIComponent(encodedPath);
  } catch {
    return { status: 400, message: 'Bad Request' };
  }
  const body = await readBody(incoming, maximumBodyBytes);
  if (!body) return { status: 413, message: 'Request Entity Too Large' };

  const { cookie, ...headers } = combinedHeaders(incoming.rawHeaders);
  const sourceIp = incoming.socket.remoteAddress ?? '127.0.0.1';
  return {
    id,
    receivedAt: new Date(),
    method: incoming.method ?? 'GET',
    encodedPath,
    rawPath,
    rawQueryString,
    query: combined(new URLSearchParams(rawQueryString)),
    headers: {
      ...headers,
      'x-forwarded-for': [headers['x-forwarded-for'], sourceIp].filter(Boolean).join(', '),
      'x-forwarded-port': String(incoming.socket.localPort ?? ''),
      'x-forwarded-proto': 'http',
    },
    cookies: cookie?.split(/;\s*|,/).filter((one) => one !== '') ?? [],
    host: (headers['host'] ?? '').replace(/:\d+$/, ''),
    protocol: `HTTP/${incoming.httpVersion}`,
    sourceIp,
    body,
  };
}

/** Bytes of the request line and of the values of the headers, whose names do not count. */
function headBytes({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): number {
  const requestLine = `${method} ${url} HTTP/${httpVersion}`;
  // Node.js reads each byte as a character.
  const values = rawHeaders.filter((_, index) => index % 2 === 1);
  return values.reduce((bytes, value) => bytes + value.length, requestLine.length);
}

function combinedHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!hopByHop.has(name)) pairs.push([name, rawHeaders[index + 1] ?? '']);
  }
  return combined(pairs);
}

/** Values of the same name, joined by a comma. */
function combined(pairs: Iterable<[string, string]>): Record<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of pairs) {
    const earlier = values.get(name);
    values.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(values);
}
