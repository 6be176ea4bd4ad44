import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import { currentSigner } from '../../src/keys/current-signer.ts';
import type { PublishedKeySet } from '../../src/keys/published-key-set.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import type { RotationVersions } from '../../src/keys/rotation.ts';
import type { SigningKeySet } from '../../src/keys/signing-key-set.ts';

const hour = 3_600;
const day = 24 * hour;

/**
 * A stage that issues a token every ten minutes of a clock that only the test moves, and verifiers that cache
 * the key set for two hours, as API Gateway does, each from another moment on. Every token is verified when it
 * is issued and again in its last second.
 */
async function traffic(
  events: readonly { at: number; rotate?: true; algorithm?: SigningAlgorithmName }[],
  until: number,
) {
  const time = { now: 0 };
  const clock = () => time.now;
  let algorithm: SigningAlgorithmName = 'ES256';
  let published: PublishedKeySet = { keys: [] };
  const sets = new Map<string, SigningKeySet | undefined>([['v0', undefined]]);
  const labels = { AWSCURRENT: 'v0', AWSPENDING: '' };
  const versions: RotationVersions = {
    read: async (label, versionId) =>
      versionId === undefined || versionId === labels[label] ? sets.get(labels[label]) : undefined,
    async writePending(versionId, set) {
      sets.set(versionId, set);
      labels.AWSPENDING = versionId;
    },
    async discardPending() {
      labels.AWSPENDING = '';
    },
    currentVersion: async () => labels.AWSCURRENT,
    async makeCurrent(versionId) {
      labels.AWSCURRENT = versionId;
    },
  };
  const put = async (set: PublishedKeySet) => void (published = set);
  const rotate = async (versionId: string) => {
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
      await rotationSteps[step]({
        versionId,
        versions,
        published: { put },
        terms: { algorithm, longestTokenLifetime: 4 * hour },
        clock,
      });
    }
  };
  await rotate('first');

  const signer = currentSigner(async () => sets.get(labels.AWSCURRENT), { clock, log: () => {} });
  const verifiers = [0, 20, 40, 60, 80, 100].map((minutes) => ({
    readAt: minutes * 60 - 2 * hour,
    keys: createLocalJWKSet(published),
  }));
  const verify = async (token: string) => {
    for (const verifier of verifiers) {
      if (time.now - verifier.readAt >= 2 * hour) {
        Object.assign(verifier, { readAt: time.now, keys: createLocalJWKSet(published) });
      }
      await jwtVerify(token, verifier.keys, { currentDate: new Date(time.now * 1000) });
    }
  };

  const live: { token: string; exp: number }[] = [];
  const signedWith = new Set<string>();
  let verified = 0;
  for (; time.now < until; time.now += 10 * 60) {
    for (const [index, event] of events.entries()) {
      if (event.at !== time.now) continue;
      algorithm = event.algorithm ?? algorithm;
      if (event.rotate) await rotate(`rotation ${index}`);
    }
    const exp = time.now + 4 * hour;
    const token = (await signer())({ exp });
    const { kid, alg } = decodeProtectedHeader(token);
    signedWith.add(`${alg} ${kid}`);
    live.push({ token, exp });
    await verify(token);
    verified += 1;
    // Those that run out before the next round.
    while (live[0] && live[0].exp <= time.now + 10 * 60) {
      await verify(live.shift()?.token ?? '');
      verified += 1;
    }
  }
  const lastAlgorithm = decodeProtectedHeader((await signer())({})).alg;
  return { signedWith: [...signedWith], verified, algorithm, lastAlgorithm };
}

/** Pseudorandom numbers from 0 to 1, the same for each seed (mulberry32). */
function randomNumbers(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('scheduled rotations fail not one verification', async () => {
  const events = [1, 3, 5].map((days) => ({ at: days * day, rotate: true as const }));
  const { signedWith, verified } = await traffic(events, 6 * day);
  assert.equal(signedWith.length, 4, 'each rotation brings another key');
  expect(verified).toBeGreaterThan(1_700);
});

test('rotations that follow upon each other fail not one verification', async () => {
  const events = [10, 11, 12, 13, 14, 20].map((hours) => ({ at: hours * hour, rotate: true as const }));
  const { signedWith } = await traffic(events, 2 * day);
  expect(signedWith.length).toBeGreaterThanOrEqual(3);
});

test('a change of the algorithm is one rotation, and fails not one verification', async () => {
  const events = [
    { at: day, algorithm: 'EdDSA' as const, rotate: true as const },
    { at: 3 * day, rotate: true as const },
  ];
  const { signedWith } = await traffic(events, 4 * day);
  expect(signedWith.map((key) => key.split(' ')[0])).toStrictEqual(['ES256', 'EdDSA']);
});

test('an algorithm that is set back ten minutes later never signs, and fails not one verification', async () => {
  const events = [
    { at: day, algorithm: 'RS256' as const, rotate: true as const },
    { at: day + 600, algorithm: 'ES256' as const, rotate: true as const },
  ];
  const { signedWith } = await traffic(events, 3 * day);
  expect(signedWith.map((key) => key.split(' ')[0])).toStrictEqual(['ES256', 'ES256']);
});

test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'changes of the algorithm and rotations at any times fail not one verification, and the last one takes effect: %i',
  async (seed) => {
    const random = randomNumbers(seed);
    const span = day;
    const events = Array.from({ length: 3 + Math.floor(random() * 12) }, () => {
      // Half of them follow within hours, so that keys wait for their dates and others have just retired.
      const at = Math.floor((random() * (random() < 0.5 ? span : span / 4)) / 600) * 600;
      return {
        at,
        ...(random() < 0.6 && { algorithm: random() < 0.5 ? ('ES256' as const) : ('EdDSA' as const) }),
        ...(random() < 0.7 && { rotate: true as const }),
      };
    }).toSorted((a, b) => a.at - b.at);
    const { algorithm, lastAlgorithm } = await traffic(
      [...events, { at: span + 600, rotate: true as const }],
      span + 8 * hour,
    );
    expect(lastAlgorithm).toBe(algorithm);
  },
);
