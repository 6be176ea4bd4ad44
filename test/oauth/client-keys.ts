import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey } from 'jose';
import * as v from 'valibot';
import { ClientKey } from '../../src/clients/client.ts';

/** A key pair of a partner: the private key signs, the public key is registered. */
export interface PartnerKey {
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
  alg: ClientKey['alg'] = 'ES256',
  kid: string = randomUUID(),
): Promise<PartnerKey> {
  if (alg.startsWith('RS') || alg.startsWith('PS')) {
    rsa ??= generateRsa();
    return {
      privateKey: await importJWK(rsa.privateKey, alg),
      publicKey: v.parse(ClientKey, { ...rsa.publicKey, alg, kid }),
    };
  }
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, publicKey: v.parse(ClientKey, { ...(await exportJWK(publicKey)), alg, kid }) };
}

type Members = Readonly<Record<string, unknown>>;

/** A JWT with any claims; an undefined member is left out. */
export function jwtBy({ privateKey, publicKey }: PartnerKey, claims: Members, header: Members = {}) {
  const { alg, kid } = publicKey;
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
  const { alg: _, kid: __, ...jwk } = key.publicKey;
  const ath = accessToken === undefined ? {} : { ath: sha256(accessToken) };
  return jwtBy(
    key,
    { jti: randomUUID(), ...ath, ...claims },
    { typ: 'dpop+jwt', kid: undefined, jwk, ...header },
  );
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
