/** RFC 7518 §3.3, in bits. */
const minimumRsaModulus = 2_048;
/** In bits. A verification with a larger key would take milliseconds. */
const maximumRsaModulus = 8_192;
const maximumRsaExponent = 2n ** 32n;

/** Members of private and symmetric keys (RFC 7518 §6, and `priv` of the AKP type). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

type Jwk = Readonly<Record<string, unknown>>;

/** Whether a JWK contains a private or symmetric key, or a part of one. */
export const hasPrivateMember = (jwk: Jwk): boolean =>
  privateMembers.some((member) => Object.hasOwn(jwk, member));

/**
 * Why a public key must not be trusted although its form is valid: anyone could sign for it. Registered keys and keys of
 * DPoP proofs are held to it. OpenSSL refuses EC points that are not on their curve, and a JWK cannot express the point
 * at infinity.
 * @returns to be read after the name of the key; undefined if nothing is wrong
 */
export function publicKeyProblem({ kty, n, e, crv, x }: Jwk): string | undefined {
  if (kty === 'RSA') return rsaProblem(n, e);
  if (kty === 'OKP' && crv === 'Ed25519') return ed25519Problem(x);
  return undefined;
}

function rsaProblem(n: unknown, e: unknown): string | undefined {
  const [modulus, exponent] = [bytesOf(n), bytesOf(e)].map((bytes) => bytes && integerOf(bytes));
  if (modulus === undefined || exponent === undefined) return 'has members that are not base64url';
  const bits = modulus.toString(2).length;
  if (bits < minimumRsaModulus) return `has ${bits} bits, and ${minimumRsaModulus} are required`;
  if (bits > maximumRsaModulus) return `has ${bits} bits, and ${maximumRsaModulus} are the maximum`;
  if (isEven(modulus)) return 'has an even modulus: anyone could sign for it';
  // With the exponent 1 a message is its own signature, and an even exponent belongs to no RSA key.
  if (exponent < 3n || isEven(exponent) || exponent > maximumRsaExponent) {
    return 'has an exponent that is even, below 3 or above 2^32: anyone could sign for it, or no one';
  }
  return undefined;
}

const isEven = (value: bigint) => value % 2n === 0n;

/** The prime of the field of Ed25519 (RFC 8032 §5.1). */
const prime = 2n ** 255n - 19n;

const orderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/** The y-coordinates of the eight points whose order divides 8: a signature with one of them proves no key. */
const smallOrder: ReadonlySet<bigint> = new Set([0n, 1n, prime - 1n, orderEight, prime - orderEight]);

function ed25519Problem(x: unknown): string | undefined {
  const bytes = bytesOf(x);
  // RFC 8032 §5.1.2: 32 bytes, little-endian; the highest bit is the sign of the other coordinate.
  if (bytes?.length !== 32) return 'has an x that is not 32 bytes in base64url';
  const y = integerOf(bytes.toReversed()) & (2n ** 255n - 1n);
  // RFC 8032 §5.1.3: such an encoding is invalid, and some of them are points of small order.
  if (y >= prime) return 'is not encoded as RFC 8032 demands';
  return smallOrder.has(y) ? 'is a point of small order: anyone could sign for it' : undefined;
}

/** Strictly base64url (RFC 7515 §2), because decoders that ignore other characters would read another key. */
const bytesOf = (value: unknown): Uint8Array | undefined =>
  typeof value === 'string' && /^[\w-]+$/.test(value) ? Buffer.from(value, 'base64url') : undefined;

const integerOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
