import { signingKeyAt } from '../src/keys/signing-key-set.ts';
import type { SigningKeySet } from '../src/keys/signing-key-set.ts';
import { command } from './command.ts';
import { Refused } from './failures.ts';
import { keyViews } from './key-view.ts';
import { isoDate } from './layout.ts';
import type { SigningKeyState } from './signing-key-secret.ts';
import type { Stage } from './stage.ts';

/** Seconds that a rotation is waited for, and from one look to the next. */
const patience = 60;
const interval = 2;

export const keyRotate = command({
  summary: 'Rotates the signing keys now: next becomes current, and a new key is next',
  details: [
    'It is what the schedule of the stage does by itself, and no token becomes invalid by it.',
    'A key that has become known to others is taken out with key revoke instead.',
    `On AWS the rotation runs behind the answer: it is waited for, ${patience} seconds at most.`,
  ],
  parameters: {},
  examples: ['npx postern key rotate --stage sandbox'],
  async run(_, { stage: connect }) {
    const stage = await connect();
    const before = await stage.signingKeys.read();
    await stage.signingKeys.rotate();
    const after = await rotated(stage, before);
    return {
      json: { rotated: true, keys: keyViews(after, await stage.publishedKeys.find()) },
      text: `The signing keys of ${stage.record.name} are rotated. ${meaning(before.set, after.set, stage.clock())}`,
    };
  },
});

async function rotated(stage: Stage, before: SigningKeyState): Promise<SigningKeyState> {
  for (let waited = 0; waited <= patience; waited += interval) {
    const state = await stage.signingKeys.read();
    if (state.versionId !== before.versionId) return state;
    await stage.wait(interval);
  }
  throw new Refused(
    `The rotation has begun, and is not done after ${patience} seconds. It goes on by itself. How far it is: npx postern key list ${stage.options}\nWhy it takes so long is in the log of the rotation function.`,
  );
}

/** Which key signs from when on. */
function meaning(before: SigningKeySet | undefined, after: SigningKeySet | undefined, now: number): string {
  if (!after) return 'There are no keys in it.';
  const { current, next, promoteNextAt } = after;
  if (promoteNextAt !== undefined && now < promoteNextAt) {
    return `${next.kid} (${next.alg}) signs from ${isoDate(promoteNextAt)}, when every cache of the key set has it. Until then ${current.kid} signs on.`;
  }
  const signs = `${current.kid} is current: the token function signs with it within a minute.`;
  if (!before) return signs;
  return `${signs} What ${signingKeyAt(before, now).kid} signed is accepted until it expires.`;
}
