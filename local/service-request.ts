import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessControl } from './iam/access-control.ts';
import { isSignedWith, parseSignature } from './iam/signature.ts';
import { readBody } from './loopback-server.ts';

/** A request to a local service whose caller is known. */
export interface ServiceRequest {
  readonly accessKeyId: string;
  readonly body: Buffer;
}

/** Why a service does not serve a request. */
export interface ServiceRefusal {
  readonly status: number;
  /** The error code of AWS. */
  readonly type: string;
  readonly message: string;
}

const unknownKey: ServiceRefusal = {
  status: 400,
  type: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
};

/**
 * Reads a request that was signed with an access key of this run. The services hold the private signing keys, and
 * other users of this machine and pages in a browser reach their ports. A page whose name was made to resolve to
 * loopback (DNS rebinding) is refused by its `Host`. The body of a request without a valid key is not read.
 */
export async function readServiceRequest(
  request: IncomingMessage,
  maximumBytes: number,
  { secretOf }: Pick<AccessControl, 'secretOf'>,
): Promise<ServiceRequest | ServiceRefusal> {
  if (!isLoopback(request.headers.host)) {
    // RFC 9110 §15.5.20
    return {
      status: 421,
      type: 'AccessDeniedException',
      message: 'The Host of the request is not loopback.',
    };
  }
  const signature = parseSignature(request.headers.authorization);
  const secret = signature && secretOf(signature.accessKeyId);
  if (signature === undefined || secret === undefined) return unknownKey;
  const body = await readBody(request, maximumBytes);
  if (!body) return { status: 413, type: 'SerializationException', message: 'The request is too large.' };
  if (!isSignedWith(secret, signature, request, body)) {
    return {
      status: 400,
      type: 'InvalidSignatureException',
      message: 'The request signature we calculated does not match the signature you provided.',
    };
  }
  return { accessKeyId: signature.accessKeyId, body };
}

/** Sends a refusal. The connection ends with it, because the body may not have been read. */
export function sendRefusal(
  response: ServerResponse,
  { status, type, message }: ServiceRefusal,
  contentType: string,
): void {
  response
    .writeHead(status, { 'content-type': contentType, connection: 'close' })
    .end(JSON.stringify({ __type: type, message }));
}

const isLoopback = (host = '') => /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(host);
