import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The `Authorization` header of AWS Signature Version 4. */
export interface Signature {
  readonly accessKeyId: string;
  /** Date, region, service and `aws4_request`. */
  readonly scope: readonly string[];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const form =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8}\/[^/,\s]+\/[^/,\s]+\/aws4_request), *SignedHeaders=([a-z\d;-]+), *Signature=([\da-f]{64})$/;

/** Parses an `Authorization` header; undefined if it is not of AWS Signature Version 4. */
export function parseSignature(authorization: string | undefined): Signature | undefined {
  const [, accessKeyId, scope, signedHeaders, signature] = form.exec(authorization ?? '') ?? [];
  if (accessKeyId === undefined || scope === undefined) return undefined;
  if (signedHeaders === undefined || signature === undefined) return undefined;
  return { accessKeyId, scope: scope.split('/'), signedHeaders: signedHeaders.split(';'), signature };
}

/**
 * Whether a request was signed with this secret. Its time is not checked: a debugger may hold a request up for longer
 * than AWS permits, and what it would protect from, a recorded request, does not leave this machine.
 */
export function isSignedWith(
  secretAccessKey: string,
  { scope, signedHeaders, signature }: Signature,
  { method = '', url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  body: Buffer,
): boolean {
  // The services have no other path, and no parameters in the query.
  if (url !== '/' || !signedHeaders.includes('host')) return false;
  const canonicalHeaders = signedHeaders.map(
    (name) =>
      `${name}:${String(headers[name] ?? '')
        .trim()
        .replaceAll(/ +/g, ' ')}\n`,
  );
  const canonicalRequest = [
    method,
    url,
    '',
    canonicalHeaders.join(''),
    signedHeaders.join(';'),
    sha256(body),
  ].join('\n');
  const signed = [
    'AWS4-HMAC-SHA256',
    String(headers['x-amz-date'] ?? ''),
    scope.join('/'),
    sha256(Buffer.from(canonicalRequest)),
  ].join('\n');
  const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  return timingSafeEqual(hmac(key, signed), Buffer.from(signature, 'hex'));
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest();
