import { createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AssertionAlgorithm } from './client.ts';

/** A key of a PEM file as a JWK, or why it cannot be one. */
export type PemKey =
  | { readonly jwk: Readonly<Record<string, unknown>>; readonly algorithms?: readonly AssertionAlgorithm[] }
  | { readonly problem: string };

/** RFC 7468 §2; text between the blocks is ignored. */
const block = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

/** The public keys of a PEM file: public keys and X.509 certificates, in any order. */
export function pemKeys(pem: string): PemKey[] {
  const blocks = [...pem.matchAll(block)].map(([text, label = '']) => ({
    text,
    certificate: label.endsWith('CERTIFICATE') ? certificateOf(text) : undefined,
  }));
  return blocks.map(({ text, certificate }) => {
    // The issuer of another certificate in the file is there to complete a chain.
    if (
      certificate &&
      blocks.some((other) => other.certificate && isIssuerOf(certificate, other.certificate))
    ) {
      return { problem: 'is the certificate of an authority, which issued another one in the file' };
    }
    try {
      return fromKeyObject(certificate?.publicKey ?? createPublicKey(text));
    } catch {
      return { problem: 'is not a PEM public key or certificate that can be read' };
    }
  });
}

function certificateOf(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

const isIssuerOf = (issuer: X509Certificate, other: X509Certificate) =>
  issuer.ca && issuer.fingerprint256 !== other.fingerprint256 && other.checkIssued(issuer);

function fromKeyObject(key: KeyObject): PemKey {
  // This throws for a point at infinity, for which the two below would end the process on Node.js 20.
  const spki = key.export({ type: 'spki', format: 'der' });
  return key.asymmetricKeyType === 'rsa-pss'
    ? fromRsaPss(key, spki)
    : { jwk: { ...key.export({ format: 'jwk' }) } };
}

/** Names of digests in OpenSSL, and the bytes of each, which are those of the salt (RFC 7518 §3.5). */
const pssAlgorithms: Readonly<Record<string, { readonly alg: AssertionAlgorithm; readonly bytes: number }>> =
  {
    sha256: { alg: 'PS256', bytes: 32 },
    sha384: { alg: 'PS384', bytes: 48 },
    sha512: { alg: 'PS512', bytes: 64 },
  };

/** A key for RSASSA-PSS alone (RFC 4055 §3.1), whose parameters may state the hash. */
function fromRsaPss({ asymmetricKeyDetails = {} }: KeyObject, spki: Buffer): PemKey {
  const {
    hashAlgorithm = 'sha256',
    mgf1HashAlgorithm = hashAlgorithm,
    saltLength = 0,
  } = asymmetricKeyDetails;
  const parameters = pssAlgorithms[hashAlgorithm];
  if (!parameters || mgf1HashAlgorithm !== hashAlgorithm || saltLength > parameters.bytes) {
    return {
      problem:
        'is an RSASSA-PSS key whose parameters fit neither PS256, PS384 nor PS512: the same hash twice, and a salt of its length',
    };
  }
  const rsa = createPublicKey({ key: subjectPublicKey(spki), format: 'der', type: 'pkcs1' });
  return { jwk: { ...rsa.export({ format: 'jwk' }) }, algorithms: [parameters.alg] };
}

/** The RSAPublicKey in a SubjectPublicKeyInfo (RFC 5280 §4.1): the content of its last member, a BIT STRING. */
function subjectPublicKey(spki: Buffer): Buffer {
  const outer = derContent(spki, 0);
  const algorithm = derContent(spki, outer.start);
  const bits = derContent(spki, algorithm.end);
  // The first byte counts the unused bits, of which there are none.
  return spki.subarray(bits.start + 1, bits.end);
}

/** Where the content of the DER element at `offset` starts and ends (X.690 §8.1). */
function derContent(der: Buffer, offset: number): { readonly start: number; readonly end: number } {
  const first = der.readUInt8(offset + 1);
  if (first < 0x80) return { start: offset + 2, end: offset + 2 + first };
  const lengthBytes = first - 0x80;
  const start = offset + 2 + lengthBytes;
  return { start, end: start + der.readUIntBE(offset + 2, lengthBytes) };
}
