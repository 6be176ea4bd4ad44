/**
 * The access key id in an `Authorization` header of AWS Signature Version 4. The signature itself is not
 * verified: the services listen on loopback, and every function knows the one secret.
 */
export function accessKeyIdOf(authorization: string | undefined): string | undefined {
  return /^AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)\//.exec(authorization ?? '')?.[1];
}
