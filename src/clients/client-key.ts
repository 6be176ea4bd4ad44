import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import * as v from 'valibot';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { ClientKey, isSameAlgorithm } from './client.ts';

/** The number of keys that a client may have: its record must stay under 4 KB. */
export const maximumClientKeys = 4;

const RawJwk = v.looseObject({
  kty: v.string(),
  kid: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(100))),
  alg: v.exactOptional(v.string()),
});
const RawJwks = v.object({ keys: v.array(RawJwk) });
type RawJwk = v.InferOutput<typeof RawJwk>;

/** The algorithm of a key without `alg`, by its type or curve (RFC 7518 §3.1, RFC 8037 §3.1). */
const defaultAlgorithms: Readonly<Record<string, string>> = {
  RSA: 'PS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};

/**
 * Parses the public keys of a partner: a JWK, a JWK set (RFC 7517) or a PEM public key. A key without `alg` gets the
 * default of its type, and a key without `kid` its thumbprint (RFC 7638).
 */
export async function parseClientKeys(input: string): Promise<Result<ClientKey[], string>> {
  const raw = rawKeys(input);
  if (!raw.ok) return raw;
  if (raw.value.length === 0) return failed('It contains no key.');
  if (raw.value.length > maximumClientKeys)
    return failed(
      `It contains ${raw.value.length} keys, and a client may have at most ${maximumClientKeys}.`,
    );
  const keys: ClientKey[] = [];
  for (const jwk of raw.value) {
    const key = await clientKey(jwk);
    if (!key.ok) return key;
    keys.push(key.value);
  }
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) return failed('Two keys have the same kid.');
  return ok(keys);
}

function rawKeys(input: string): Result<RawJwk[], string> {
  if (input.includes('PRIVATE KEY')) return failed(privateKeyProblem);
  if (input.includes('-----BEGIN')) {
    try {
      return ok([v.parse(RawJwk, createPublicKey(input).export({ format: 'jwk' }))]);
    } catch {
      return failed('It is not a PEM public key that can be read.');
    }
  }
  try {
    const json: unknown = JSON.parse(input);
    const set = v.safeParse(RawJwks, json);
    return ok(set.success ? set.output.keys : [v.parse(RawJwk, json)]);
  } catch {
    return failed('It is not a JWK, a JWK set, or a PEM public key.');
  }
}

const privateKeyProblem =
  'It contains a private key. Keep the private key where it is, and register its public half.';

async function clientKey(jwk: RawJwk): Promise<Result<ClientKey, string>> {
  if ('d' in jwk || 'k' in jwk) return failed(privateKeyProblem);
  const curve = 'crv' in jwk && typeof jwk['crv'] === 'string' ? jwk['crv'] : jwk.kty;
  const alg = jwk.alg ?? defaultAlgorithms[curve];
  const kid = jwk.kid ?? (await calculateJwkThumbprint(jwk).catch(() => ''));
  const parsed = v.safeParse(ClientKey, { ...jwk, alg, kid });
  if (!parsed.success)
    return failed('A key must be RSA, EC or Ed25519, with an asymmetric alg such as PS256.');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: parsed.output, format: 'jwk' });
  } catch {
    return failed(`The key ${kid} cannot be read.`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  // RFC 7518 §3.3
  if (bits !== undefined && bits < 2048)
    return failed(`The key ${kid} has ${bits} bits, and 2048 are required.`);
  if (!isKeyForItsAlgorithm(parsed.output)) {
    return failed(`The key ${kid} cannot be used with ${parsed.output.alg}.`);
  }
  return ok(parsed.output);
}

/** Whether a key has the type and curve that its algorithm needs. */
function isKeyForItsAlgorithm({ kty, crv, alg }: ClientKey): boolean {
  if (alg.startsWith('RS') || alg.startsWith('PS')) return kty === 'RSA';
  return crv !== undefined && isSameAlgorithm(defaultAlgorithms[crv], alg);
}
