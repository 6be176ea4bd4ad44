import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey } from 'jose';
import * as v from 'valibot';
import { ClientKey } from '../../src/clients/client.ts';
import type { AssertionAlgorithm } from '../../src/clients/client.ts';

/** A key pair of a partner: the private key signs, the public key is registered. */
export interface PartnerKey {
  readonly alg: AssertionAlgorithm;
  readonly privateKey: CryptoKey | Uint8Array;
  readonly publicKey: ClientKey;
}

/** One key for all RSA algorithms, since generating it takes long. */
let rsa: ReturnType<typeof generateRsa> | undefined;
const generateRsa = () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey: privateKey.export({ format: 'jwk' }), publicKey: publicKey.export({ format: 'jwk' }) };
};

export async function partnerKey(
  alg: AssertionAlgorithm = 'ES256',
  kid: string = randomUUID(),
): Promise<PartnerKey> {
  const registered = { kid, kidSource: 'partner', algorithms: [alg] };
  if (alg.startsWith('RS') || alg.startsWith('PS')) {
    rsa ??= generateRsa();
    return {
      alg,
      privateKey: await importJWK(rsa.privateKey, alg),
      publicKey: v.parse(ClientKey, { ...rsa.publicKey, ...registered }),
    };
  }
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    alg,
    privateKey,
    publicKey: v.parse(ClientKey, { ...(await exportJWK(publicKey)), ...registered }),
  };
}

type Members = Readonly<Record<string, unknown>>;

/** A JWT with any claims; an undefined member is left out. */
export function jwtBy({ alg, privateKey, publicKey }: PartnerKey, claims: Members, header: Members = {}) {
  const { kid } = publicKey;
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader(JSON.parse(JSON.stringify({ alg, kid, ...header })))
    .sign(privateKey);
}

/** A DPoP proof (RFC 9449 §4.2); `claims` and `header` replace members, to make it invalid. */
export function dpopProof(
  key: PartnerKey,
  { accessToken, ...claims }: Members & { accessToken?: string },
  header: Members = {},
) {
  const jwk = bareJwk(key);
  const ath = accessToken === undefined ? {} : { ath: sha256(accessToken) };
  return jwtBy(
    key,
    { jti: randomUUID(), ...ath, ...claims },
    { typ: 'dpop+jwt', kid: undefined, jwk, ...header },
  );
}

/** The public key as a JWK that states neither `kid` nor `alg`. */
export function bareJwk({ publicKey }: PartnerKey) {
  const { kid: _, kidSource: __, algorithms: ___, ...jwk } = publicKey;
  return jwk;
}

/** The `cnf.jkt` of a token that is bound to the key (RFC 9449 §6.1). */
export const thumbprint = ({ publicKey }: PartnerKey) => calculateJwkThumbprint(publicKey);

const sha256 = (value: string) => createHash('sha256').update(value).digest('base64url');

/** A JWS with any header, payload and signature, which no library would create. */
export function rawJws(header: unknown, payload: unknown, signature: (input: string) => string | Buffer) {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
}
