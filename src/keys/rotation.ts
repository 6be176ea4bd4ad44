import { createPublicKey, verify } from 'node:crypto';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { signingAlgorithms } from './algorithms.ts';
import type { PublishedKeySetWriter } from './published-key-set.ts';
import { jwtSigner } from './sign-jwt.ts';
import { publicKeys, rotateSigningKeySet, SigningKeySet } from './signing-key-set.ts';
import type { RotationTerms, SigningKey } from './signing-key-set.ts';

/** The versions of the secret that is rotated, by their staging labels. */
export interface SecretVersions {
  /** The text with the label, or undefined where no version has it. */
  read(label: 'AWSCURRENT' | 'AWSPENDING', versionId?: string): Promise<string | undefined>;
  /** Stores `text` as the version `versionId`, labelled AWSPENDING. */
  writePending(versionId: string, text: string): Promise<void>;
  /** The version that is labelled AWSCURRENT. */
  currentVersion(): Promise<string | undefined>;
  /** Moves AWSCURRENT to `versionId`. */
  makeCurrent(versionId: string): Promise<void>;
}

interface RotationContext {
  /** `ClientRequestToken`: the id of the version that this rotation makes. */
  readonly versionId: string;
  readonly versions: SecretVersions;
  readonly published: PublishedKeySetWriter;
  readonly terms: RotationTerms;
  readonly clock: Clock;
}

/**
 * The four steps that Secrets Manager calls, in order, each as often as it takes: a step that runs twice, or
 * again after it died half way, changes nothing more.
 */
export const rotationSteps = {
  /** Makes the new set, once. */
  async createSecret({ versionId, versions, terms, clock }) {
    if ((await versions.read('AWSPENDING', versionId)) !== undefined) return;
    const current = await versions.read('AWSCURRENT');
    const set = await rotateSigningKeySet(parseKeySet(current), terms, clock());
    await versions.writePending(versionId, JSON.stringify(set));
  },

  /** Nothing outside holds the keys: verifiers read what is published. */
  async setSecret() {},

  /** Each key of the new set must sign what its public half, as it will be published, verifies. */
  async testSecret({ versionId, versions }) {
    const { next, current } = await pendingKeySet(versions, versionId);
    for (const key of [next, current]) proveKey(key);
  },

  /**
   * Publishes the new set and then signs with it. In this order: a death in between leaves a key published
   * that does not sign yet, which harms nobody.
   */
  async finishSecret({ versionId, versions, published }) {
    if ((await versions.currentVersion()) === versionId) return;
    const set = await pendingKeySet(versions, versionId);
    await published.put({ keys: publicKeys(set) });
    await versions.makeCurrent(versionId);
  },
} as const satisfies Record<string, (context: RotationContext) => Promise<void>>;

/** The secret before its first rotation is an empty object; anything else must be a key set. */
function parseKeySet(text: string | undefined): SigningKeySet | undefined {
  return text === undefined || text === '{}' ? undefined : v.parse(SigningKeySet, JSON.parse(text));
}

async function pendingKeySet(versions: SecretVersions, versionId: string): Promise<SigningKeySet> {
  const set = parseKeySet(await versions.read('AWSPENDING', versionId));
  if (!set) throw new Error('createSecret has not made this version');
  return set;
}

function proveKey(key: SigningKey): void {
  const jws = jwtSigner(key, 'at+jwt')({});
  const dot = jws.lastIndexOf('.');
  const { digest, options } = signingAlgorithms[key.alg];
  const genuine = verify(
    digest,
    Buffer.from(jws.slice(0, dot)),
    { key: createPublicKey({ key: key, format: 'jwk' }), ...options },
    Buffer.from(jws.slice(dot + 1), 'base64url'),
  );
  if (!genuine) throw new Error(`The key ${key.kid} does not verify what it signs`);
}
