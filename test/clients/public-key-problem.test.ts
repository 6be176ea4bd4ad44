import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { publicKeyProblem } from '../../src/clients/public-key-problem.ts';

const encode = (value: bigint, bytes?: number) => {
  const hex = value.toString(16);
  const padded = hex.padStart(bytes === undefined ? hex.length + (hex.length % 2) : 2 * bytes, '0');
  return Buffer.from(padded, 'hex').toString('base64url');
};

describe('RSA public key', () => {
  /** Odd, and of as many bits. */
  const modulus = (bits: number) => 2n ** BigInt(bits) - 1n;
  const rsa = (n: bigint, e: bigint) => publicKeyProblem({ kty: 'RSA', n: encode(n), e: encode(e) });

  test.each([3n, 5n, 17n, 65_537n, 2n ** 32n - 1n])('is accepted with the exponent %s', (e) => {
    expect(rsa(modulus(2_048), e)).toBeUndefined();
  });

  test.each([0n, 1n, 2n, 4n, 65_536n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 64n + 1n])(
    'is refused with the exponent %s',
    (e) => {
      expect(rsa(modulus(2_048), e)).toMatch(/^has an exponent that is even, below 3 or above 2\^32/);
    },
  );

  test('is refused with an even modulus', () => {
    expect(rsa(modulus(2_048) - 1n, 65_537n)).toMatch(/^has an even modulus/);
  });

  test.each([1, 1_024, 2_047])('is refused with %i bits', (bits) => {
    expect(rsa(modulus(bits), 65_537n)).toBe(`has ${bits} bits, and 2048 are required`);
  });

  test('is refused with 8193 bits', () => {
    expect(rsa(modulus(8_193), 65_537n)).toBe('has 8193 bits, and 8192 are the maximum');
  });

  test('counts no zeros before the modulus', () => {
    const n = encode(modulus(1_024), 256);
    expect(publicKeyProblem({ kty: 'RSA', n, e: 'AQAB' })).toBe('has 1024 bits, and 2048 are required');
  });

  test.each([
    ['n', { n: 'not base64url!', e: 'AQAB' }],
    ['e', { n: encode(modulus(2_048)), e: 'AQ AB' }],
    ['e with padding', { n: encode(modulus(2_048)), e: 'Aw==' }],
    ['absent e', { n: encode(modulus(2_048)) }],
  ])('is refused with an %s that is not base64url', (_, members) => {
    expect(publicKeyProblem({ kty: 'RSA', ...members })).toBe('has members that are not base64url');
  });
});

describe('Ed25519 public key', () => {
  const p = 2n ** 255n - 19n;
  const mod = (value: bigint) => ((value % p) + p) % p;
  const power = (base: bigint, exponent: bigint): bigint =>
    exponent === 0n ? 1n : mod(power(mod(base * base), exponent / 2n) * (exponent % 2n === 1n ? base : 1n));
  const inverse = (value: bigint) => power(mod(value), p - 2n);
  const d = mod(-121_665n * inverse(121_666n));
  const rootOfMinusOne = power(2n, (p - 1n) / 4n);

  /** Some x of the point with this y (RFC 8032 §5.1.3); undefined if there is none. */
  function xOf(y: bigint): bigint | undefined {
    const square = mod((y * y - 1n) * inverse(d * y * y + 1n));
    const candidate = power(square, (p + 3n) / 8n);
    return [candidate, mod(candidate * rootOfMinusOne)].find((x) => mod(x * x - square) === 0n);
  }

  type Point = readonly [bigint, bigint];
  function add([x1, y1]: Point, [x2, y2]: Point): Point {
    const product = d * x1 * x2 * y1 * y2;
    return [
      mod((x1 * y2 + x2 * y1) * inverse(1n + product)),
      mod((y1 * y2 + x1 * x2) * inverse(1n - product)),
    ];
  }
  const double = (point: Point) => add(point, point);

  const littleEndian = (value: bigint) =>
    Buffer.from(Buffer.from(encode(value, 32), 'base64url').toReversed()).toString('base64url');
  const problemOf = (encoding: bigint) =>
    publicKeyProblem({ kty: 'OKP', crv: 'Ed25519', x: littleEndian(encoding) });

  /** Found by its definition: a point of order 8 times any, and its multiples. */
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  function multiple(point: Point, by: bigint): Point {
    if (by === 0n) return [0n, 1n];
    const half = double(multiple(point, by / 2n));
    return by % 2n === 1n ? add(half, point) : half;
  }
  function torsion(): bigint[] {
    for (let y = 2n; ; y += 1n) {
      const x = xOf(y);
      if (x === undefined) continue;
      const small = multiple([x, y], order);
      const points = Array.from({ length: 8 }, (_, index) => multiple(small, BigInt(index)));
      const ys = new Set(points.map((point) => point[1]));
      // Those with opposite x have the same y.
      if (ys.size === 5) return [...ys];
    }
  }

  test.each([0n, 1n])('of small order is refused, whatever its sign: %s', (sign) => {
    const problems = torsion().map((y) => problemOf(y + sign * 2n ** 255n));
    expect(problems).toStrictEqual(Array(5).fill('is a point of small order: anyone could sign for it'));
  });

  test.each([0n, 1n])('in an encoding that is not canonical is refused, whatever its sign: %s', (sign) => {
    const problems = Array.from({ length: 19 }, (_, more) => problemOf(p + BigInt(more) + sign * 2n ** 255n));
    expect(problems).toStrictEqual(Array(19).fill('is not encoded as RFC 8032 demands'));
  });

  test('is accepted if it is the example of RFC 8037 A.1', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    expect(publicKeyProblem({ kty: 'OKP', crv: 'Ed25519', x })).toBeUndefined();
  });

  test.each(['', 'AA', 'A'.repeat(42), 'A'.repeat(44), 7])('is refused with the x %j', (x) => {
    expect(publicKeyProblem({ kty: 'OKP', crv: 'Ed25519', x })).toBe(
      'has an x that is not 32 bytes in base64url',
    );
  });
});

describe('EC public key', () => {
  const zero = encode(0n, 32);
  const one = encode(1n, 32);

  test.each([
    ['at infinity, without coordinates', '', ''],
    ['at infinity, with zeros', zero, zero],
    ['that is not on its curve', one, one],
  ])('is refused by OpenSSL if it is a point %s', (_, x, y) => {
    const key = { kty: 'EC', crv: 'P-256', x, y };
    expect(() => createPublicKey({ key, format: 'jwk' })).toThrow('Invalid JWK EC key');
  });
});
