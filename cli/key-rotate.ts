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
    const after = await completed(stage, before);
    const now = stage.clock();
    return {
      json: { rotated: true, keys: keyViews(after, await stage.publishedKeys.find(), now) },
      text: `The signing keys of ${stage.record.name} are rotated. ${effect(before.set, after.set, now)}`,
    };
  },
});

/** The state after the rotation has completed. */
async function completed(stage: Stage, before: SigningKeyState): Promise<SigningKeyState> {
  for (let waited = 0; waited <= patience; waited += interval) {
    const state = await stage.signingKeys.read();
    if (state.versionId !== before.versionId) return state;
    await stage.wait(interval);
  }
  throw new Refused(
    `The rotation has begun and is not complete after ${patience} seconds. It continues by itself. To see its progress: npx postern key list ${stage.options}\nThe log of the rotation function says why it takes so long.`,
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
