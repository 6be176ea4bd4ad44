import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import * as v from 'valibot';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { ClientKey, isSameAlgorithm } from './client.ts';

/** Keys that one client may have, so that its record stays under 4 KB. */
export const maximumClientKeys = 4;

const RawJwk = v.looseObject({
  kty: v.string(),
  kid: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(100))),
  alg: v.exactOptional(v.string()),
});
const RawJwks = v.object({ keys: v.array(RawJwk) });
type RawJwk = v.InferOutput<typeof RawJwk>;

/** Algorithm of a key that does not say its own, by type and curve (RFC 7518 §3.1, RFC 8037 §3.1). */
const usualAlgorithms: Readonly<Record<string, string>> = {
  RSA: 'PS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};

/**
 * Parses the public keys that a partner hands over: a JWK, a JWK set (RFC 7517), or a PEM public key. A key
 * without an `alg` gets the usual one of its type, one without a `kid` its thumbprint (RFC 7638).
 */
export async function parseClientKeys(text: string): Promise<Result<ClientKey[], string>> {
  const raw = rawKeys(text);
  if (!raw.ok) return raw;
  if (raw.value.length === 0) return failed('There is no key in it.');
  if (raw.value.length > maximumClientKeys) return failed(`A client has ${maximumClientKeys} keys at most.`);
  const keys: ClientKey[] = [];
  for (const jwk of raw.value) {
    const key = await clientKey(jwk);
    if (!key.ok) return key;
    keys.push(key.value);
  }
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) return failed('Two keys have the same kid.');
  return ok(keys);
}

function rawKeys(text: string): Result<RawJwk[], string> {
  if (text.includes('PRIVATE KEY')) return failed(privateKey);
  if (text.includes('-----BEGIN')) {
    try {
      return ok([v.parse(RawJwk, createPublicKey(text).export({ format: 'jwk' }))]);
    } catch {
      return failed('The PEM text is not a public key that can be read.');
    }
  }
  try {
    const json: unknown = JSON.parse(text);
    const set = v.safeParse(RawJwks, json);
    return ok(set.success ? set.output.keys : [v.parse(RawJwk, json)]);
  } catch {
    return failed('It is not a JWK, a JWK set, or a PEM public key.');
  }
}

const privateKey = 'It holds a private key. Keep that where it is, and register its public half.';

async function clientKey(jwk: RawJwk): Promise<Result<ClientKey, string>> {
  if ('d' in jwk || 'k' in jwk) return failed(privateKey);
  const curve = 'crv' in jwk && typeof jwk['crv'] === 'string' ? jwk['crv'] : jwk.kty;
  const alg = jwk.alg ?? usualAlgorithms[curve];
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
    return failed(`The key ${kid} has ${bits} bits, and 2048 are needed.`);
  if (!fits(parsed.output)) return failed(`The key ${kid} is not for ${parsed.output.alg}.`);
  return ok(parsed.output);
}

/** Whether a key is of the type and curve that its algorithm needs. */
function fits({ kty, crv, alg }: ClientKey): boolean {
  if (alg.startsWith('RS') || alg.startsWith('PS')) return kty === 'RSA';
  return crv !== undefined && isSameAlgorithm(usualAlgorithms[crv], alg);
}
