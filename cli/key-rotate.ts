import { isDeepStrictEqual } from 'node:util';
import type { SigningKeyState } from '../src/keys/key-revocation.ts';
import { keysWithRole, signingKeyAt } from '../src/keys/signing-key-set.ts';
import type { SigningKeySet } from '../src/keys/signing-key-set.ts';
import { command, Refused } from './command.ts';
import { isoDate } from './iso-date.ts';
import { keyViews } from './key-view.ts';
import type { Stage } from './stage.ts';

/** Seconds for which the command waits for a rotation, and between two looks at it. */
const patience = 60;
const interval = 2;

export const keyRotate = command({
  summary: 'Rotates the signing keys now: the next key becomes current, and a new key is next',
  details: [
    'The schedule of the stage does the same by itself. No token becomes invalid.',
    'While a key waits for its date, a rotation changes nothing, unless the stage has another algorithm since.',
    'To remove a key that has become known to others, use key revoke instead.',
    `On AWS the rotation completes after the response. The command waits for it for at most ${patience} seconds.`,
  ],
  parameters: {},
  examples: ['npx postern key rotate --stage sandbox'],
  async run(_, { connectWithClock }) {
    const stage = await connectWithClock();
    const before = await stage.signingKeys.read();
    const started = await stage.signingKeys.rotate();
    if (!started.ok) {
      throw new Refused(
        `Secrets Manager does not rotate the signing keys: ${started.error.replace(/\.$/, '')}.`,
      );
    }
    const isResumed = started.value === 'resumed';
    const after = await completed(stage, before, isResumed);
    const now = stage.clock();
    const rotated = !isDeepStrictEqual(before.set, after.set);
    const { name } = stage.record;
    const [next] = after.set ? keysWithRole(after.set, 'next', now) : [];
    return {
      json: {
        rotated,
        keys: keyViews(after, await stage.publishedKeys.find(), now),
        ...(next?.signsFrom !== undefined && { nextSignsFrom: isoDate(next.signsFrom) }),
      },
      text: [
        ...(isResumed ? ['An earlier rotation was incomplete, and has been completed.'] : []),
        rotated
          ? `The signing keys of ${name} are rotated. ${effect(before.set, after.set, now)}`
          : `The signing keys of ${name} are the same as before. ${effect(before.set, after.set, now)}`,
      ].join('\n'),
    };
  },
});

/** The state after the rotation has completed. */
async function completed(
  stage: Stage,
  before: SigningKeyState,
  isResumed: boolean,
): Promise<SigningKeyState> {
  for (let waited = 0; waited <= patience; waited += interval) {
    const state = await stage.signingKeys.read();
    if (state.versionId !== before.versionId) return state;
    if (isResumed && !state.isRotating) {
      throw new Refused(
        `An earlier rotation was incomplete, and could not be completed. It was given up, and the keys are the same as before. Rotate again: npx postern key rotate ${stage.options}`,
      );
    }
    await stage.wait(interval);
  }
  throw new Refused(
    [
      isResumed
        ? `An earlier rotation is incomplete. Secrets Manager attempts it again, and it is not complete after ${patience} seconds.`
        : `The rotation has begun and is not complete after ${patience} seconds. It continues by itself.`,
      `To see its progress: npx postern key list ${stage.options}`,
      `The log of the rotation function says why it takes so long. See "A rotation does not complete" in docs/operator-runbook.md.`,
    ].join('\n'),
  );
}

/** Which key signs from when on. */
function effect(before: SigningKeySet | undefined, after: SigningKeySet | undefined, now: number): string {
  const current = after && signingKeyAt(after, now);
  if (!current) return 'The set contains no key.';
  const [next] = keysWithRole(after, 'next', now);
  if (next?.signsFrom !== undefined) {
    return `${next.key.kid} (${next.key.alg}) signs from ${isoDate(next.signsFrom)}, when every cache of the key set has it. Until then ${current.kid} signs.`;
  }
  const signs = `${current.kid} is current: the token function signs with it within a minute.`;
  const signedBefore = before && signingKeyAt(before, now);
  return signedBefore
    ? `${signs} Tokens that ${signedBefore.kid} signed are accepted until they expire.`
    : signs;
}
