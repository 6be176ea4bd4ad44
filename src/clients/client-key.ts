import { createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import * as v from 'valibot';
import { parseJsonWithoutNull } from '../json-without-null.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { assertionAlgorithms, ClientKey, isSameAlgorithm, maximumClientKeys } from './client.ts';
import type { AssertionAlgorithm } from './client.ts';
import { isPrintable } from './name.ts';
import { pemKeys } from './pem-keys.ts';
import type { PemKey } from './pem-keys.ts';
import { hasPrivateMember, publicKeyProblem } from './public-key-problem.ts';

/** What an operator states about a key because its file does not. */
export interface StatedAboutKey {
  /** The algorithm that the partner signs with. */
  readonly alg?: AssertionAlgorithm;
  /** The `kid` in the header of the partner's assertions. */
  readonly kid?: string;
}

/** A key in a file that is not registered. */
export interface IgnoredKey {
  /** Its `kid`, or its number in the file. */
  readonly name: string;
  /** To be read after the name: "is not for signatures". */
  readonly reason: string;
}

export interface ParsedClientKeys {
  readonly keys: readonly ClientKey[];
  readonly ignored: readonly IgnoredKey[];
}

const RawJwk = v.looseObject({
  kty: v.string(),
  kid: v.exactOptional(v.string()),
  alg: v.exactOptional(v.string()),
  use: v.exactOptional(v.string()),
  key_ops: v.exactOptional(v.array(v.string())),
});
const RawJwks = v.object({ keys: v.array(v.unknown()) });

/** The algorithms of a key that states none, by its type or curve (RFC 7518 §3.1, RFC 8037 §3.1). */
const defaultAlgorithms: Readonly<Record<string, readonly AssertionAlgorithm[]>> = {
  // Partners' libraries sign with either, and the key does not tell which.
  RSA: ['RS256', 'PS256'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA'],
};

/**
 * Parses the public keys of a partner: a JWK, a JWK set (RFC 7517), or PEM with public keys and certificates. Of several
 * keys, those that are not for signatures or not understood are ignored (RFC 7517 §5).
 */
export async function parseClientKeys(
  input: string,
  stated: StatedAboutKey = {},
): Promise<Result<ParsedClientKeys, string>> {
  // A byte order mark is how some editors begin a file.
  const raw = rawKeys(input.replace(/^\uFEFF/, ''));
  if (!raw.ok) return raw;
  if (raw.value.length === 0) return failed('It contains no key.');
  const keys: ClientKey[] = [];
  const ignored: IgnoredKey[] = [];
  for (const [index, rawKey] of raw.value.entries()) {
    const key = await clientKey(rawKey, stated);
    if (key.ok) keys.push(key.value);
    else ignored.push({ name: nameOf(rawKey, index), reason: key.error });
  }
  if (keys.length === 0) {
    return failed(ignored.map(({ name, reason }) => `The key ${name} ${reason}.`).join(' '));
  }
  const distinct = withoutDuplicates(keys);
  if (!distinct.ok) return failed(stated.kid === undefined ? distinct.error : oneKidForSeveral);
  const { length } = distinct.value;
  if (length > maximumClientKeys) {
    return failed(`It contains ${length} keys, and a client may have at most ${maximumClientKeys}.`);
  }
  return ok({ keys: distinct.value, ignored });
}

function rawKeys(input: string): Result<PemKey[], string> {
  if (input.includes('PRIVATE KEY')) return failed(privateKeyProblem);
  if (input.includes('-----BEGIN')) return ok(pemKeys(input));
  try {
    // Some libraries write members that a key does not have as null, those of a private key too.
    const json = parseJsonWithoutNull(input);
    const set = v.safeParse(RawJwks, json);
    const jwks = (set.success ? set.output.keys : [json]).map((jwk) => v.safeParse(v.looseObject({}), jwk));
    if (!set.success && !jwks[0]?.success) return failed(unknownForm);
    if (jwks.some(({ success, output }) => success && hasPrivateMember(output)))
      return failed(privateKeyProblem);
    return ok(jwks.map(({ success, output }) => (success ? { jwk: output } : { problem: 'is not a JWK' })));
  } catch {
    return failed(unknownForm);
  }
}

const unknownForm = 'It is not a JWK, a JWK set, or a PEM public key or certificate.';
const oneKidForSeveral = 'It contains several keys, and one kid cannot be that of all.';
const privateKeyProblem =
  'It contains a private key. Keep the private key where it is, and register its public half.';

function nameOf(raw: PemKey, index: number): string {
  const kid = 'jwk' in raw ? raw.jwk['kid'] : undefined;
  return typeof kid === 'string' && isKid(kid) ? kid : `number ${index + 1}`;
}

const isKid = (kid: string) => kid !== '' && kid.length <= 100 && isPrintable(kid);

async function clientKey(raw: PemKey, stated: StatedAboutKey): Promise<Result<ClientKey, string>> {
  if ('problem' in raw) return failed(raw.problem);
  const parsed = v.safeParse(RawJwk, raw.jwk);
  if (!parsed.success) return failed('is not a JWK');
  const jwk = parsed.output;
  // RFC 7517 §4.2 and §4.3
  if (jwk.use !== undefined && jwk.use !== 'sig') return failed('is not for signatures: its use is not sig');
  if (jwk.key_ops && !jwk.key_ops.includes('verify')) {
    return failed('is not for verifying signatures: its key_ops do not contain verify');
  }
  const algorithms = algorithmsOf(jwk, raw.algorithms, stated.alg);
  if (!algorithms.ok) return algorithms;
  const ownKid = stated.kid ?? jwk.kid;
  if (ownKid !== undefined && !isKid(ownKid)) {
    return failed('has a kid that is not 1 to 100 printable characters');
  }
  const key = v.safeParse(ClientKey, {
    ...jwk,
    algorithms: algorithms.value,
    kid: ownKid ?? (await calculateJwkThumbprint(jwk).catch(() => '')),
    kidSource: ownKid === undefined ? 'thumbprint' : 'partner',
  });
  if (!key.success) return failed(unsupported);
  try {
    createPublicKey({ key: { ...key.output }, format: 'jwk' });
  } catch {
    return failed('cannot be read');
  }
  const problem = publicKeyProblem(key.output);
  return problem === undefined ? ok(key.output) : failed(problem);
}

const unsupported = 'is not a key for signatures that is supported here: RSA, P-256, P-384, P-521 or Ed25519';

/** The algorithms that a key is for. */
function algorithmsOf(
  jwk: v.InferOutput<typeof RawJwk>,
  ofFile: readonly AssertionAlgorithm[] | undefined,
  stated: AssertionAlgorithm | undefined,
): Result<readonly AssertionAlgorithm[], string> {
  const curve = jwk['crv'];
  const defaults = defaultAlgorithms[typeof curve === 'string' ? curve : jwk.kty];
  if (!defaults) return failed(unsupported);
  const own = jwk.alg === undefined ? ofFile : assertionAlgorithms.filter((name) => name === jwk.alg);
  if (own?.length === 0) return failed('has an alg that is not for signatures, or not supported here');
  const algorithms = stated === undefined ? (own ?? defaults) : [stated];
  // RFC 8725 §3.1: what the key or its file states, the operator cannot change.
  const permitted = algorithms.every((alg) => !own || own.some((one) => isSameAlgorithm(one, alg)));
  const suitable = algorithms.every((alg) => isForKey(alg, jwk.kty, defaults));
  if (permitted && suitable) return ok(algorithms);
  return failed(`cannot be used with ${algorithms.join(', ')}`);
}

/** Whether an algorithm needs a key of this type and curve. */
const isForKey = (alg: AssertionAlgorithm, kty: string, defaults: readonly AssertionAlgorithm[]) =>
  kty === 'RSA' ? /^[RP]S/.test(alg) : defaults.some((one) => isSameAlgorithm(one, alg));

/** A set may list one key once for each of its algorithms, and a file a public key and its certificate. */
function withoutDuplicates(keys: readonly ClientKey[]): Result<readonly ClientKey[], string> {
  const byKid = new Map<string, ClientKey>();
  for (const key of keys) {
    const before = byKid.get(key.kid);
    if (before && !isSameKey(before, key)) return failed('Two keys have the same kid.');
    byKid.set(key.kid, {
      ...key,
      algorithms: [...new Set([...(before?.algorithms ?? []), ...key.algorithms])],
    });
  }
  return ok([...byKid.values()]);
}

const isSameKey = (one: ClientKey, other: ClientKey) =>
  (['kty', 'n', 'e', 'crv', 'x', 'y'] as const).every((member) => one[member] === other[member]);
