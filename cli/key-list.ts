import type { SigningKeyState } from '../src/keys/key-revocation.ts';
import { keysWithRole } from '../src/keys/signing-key-set.ts';
import { columns } from './arguments/columns.ts';
import { flag } from './arguments/parameters.ts';
import { command, Refused } from './command.ts';
import { isoDate } from './iso-date.ts';
import { keyViews } from './key-view.ts';
import type { KeyView } from './key-view.ts';
import type { TimedStage } from './stage.ts';

/** Seconds for which --wait waits, and between two looks at the keys. */
const patience = 300;
const interval = 5;

export const keyList = command({
  summary: 'Lists the signing keys of a stage, the role of each, and whether it is published',
  details: [
    'The current key signs. The next key is published before it signs, and the previous one after it has signed.',
  ],
  parameters: {
    wait: flag(
      `Waits until a current key is published and no rotation is under way, for at most ${patience / 60} minutes`,
    ),
  },
  examples: ['npx postern key list --stage sandbox', 'npx postern key list --stage sandbox --wait'],
  async run({ wait }, { connectWithClock, tell }) {
    const stage = await connectWithClock();
    const { state, keys } = wait ? await settledKeys(stage, tell) : await readKeys(stage);
    const now = stage.clock();
    const [next] = state.set ? keysWithRole(state.set, 'next', now) : [];
    const notes = [
      ...(next?.signsFrom === undefined
        ? []
        : [`The next key becomes current at ${isoDate(next.signsFrom)}: it signs from then on.`]),
      ...(keys.every(({ published }) => published)
        ? []
        : [
            `Tokens that are signed with an unpublished key are refused. Publish the keys again: ${rotate(stage.options)}`,
          ]),
      ...(keys.some(({ role }) => role === null)
        ? ['A key without a role is published and does not sign. The next rotation removes it.']
        : []),
      ...(state.isRotating
        ? [
            `A rotation has begun and is not complete. If it does not complete, resume it: ${rotate(stage.options)}`,
          ]
        : []),
    ];
    return {
      json: {
        keys,
        rotating: state.isRotating,
        ...(next?.signsFrom !== undefined && { nextSignsFrom: isoDate(next.signsFrom) }),
      },
      text: [
        keys.length === 0
          ? `There are no signing keys in ${stage.record.name} yet. The first rotation creates them: ${rotate(stage.options)}`
          : columns([
              ['KID', 'ALG', 'ROLE', 'PUBLISHED'],
              ...keys.map(({ kid, alg, role, published }) => [
                kid,
                alg,
                role ?? '-',
                published ? 'yes' : 'no',
              ]),
            ]),
        ...notes,
      ].join('\n'),
    };
  },
});

interface Keys {
  readonly state: SigningKeyState;
  readonly keys: readonly KeyView[];
}

async function readKeys(stage: TimedStage): Promise<Keys> {
  const state = await stage.signingKeys.read();
  return { state, keys: keyViews(state, await stage.publishedKeys.find(), stage.clock()) };
}

/** The keys as soon as the stage can sign tokens that are accepted, and nothing about its keys is under way. */
async function settledKeys(stage: TimedStage, tell: (line: string) => Promise<unknown>): Promise<Keys> {
  let read = await readKeys(stage);
  let told = '';
  for (let waited = 0; ; waited += interval) {
    const awaited = awaitedOf(read, stage);
    if (awaited === undefined) return read;
    if (waited >= patience) throw new Refused(`${awaited.missing} ${awaited.hint}`);
    if (awaited.missing !== told)
      await tell(`Waiting for at most ${patience - waited} seconds: ${awaited.missing}`);
    told = awaited.missing;
    await stage.wait(interval);
    const before = read.state;
    read = await readKeys(stage);
    // Secrets Manager does not say that a rotation has failed, but nothing else takes AWSPENDING from a version that
    // has not become current.
    const isGivenUp =
      before.isRotating && !read.state.isRotating && before.versionId === read.state.versionId;
    if (isGivenUp) throw new Refused(`The rotation of the signing keys has failed. ${causeAndRemedy(stage)}`);
  }
}

/** What is missing until the keys of the stage are settled, and what to do if it does not come. */
function awaitedOf(
  { state, keys }: Keys,
  stage: TimedStage,
): { readonly missing: string; readonly hint: string } | undefined {
  const { name } = stage.record;
  const current = keys.find(({ role }) => role === 'current');
  if (state.isRotating) {
    return {
      missing: `A rotation of the signing keys of ${name} is under way.`,
      hint: `It is not complete after ${patience} seconds. ${causeAndRemedy(stage)}`,
    };
  }
  if (!current) {
    if (!state.isRotationEnabled) {
      throw new Refused(
        `There are no signing keys in ${name}, and Secrets Manager has no schedule for their rotation: the stage is not completely deployed.`,
      );
    }
    return {
      missing: `There are no signing keys in ${name} yet.`,
      hint: `The first rotation creates them. None is under way after ${patience} seconds. ${causeAndRemedy(stage)}`,
    };
  }
  if (!current.published) {
    return {
      missing: `The current signing key of ${name} is not published.`,
      hint: `Publish the keys again: ${rotate(stage.options)}`,
    };
  }
  return undefined;
}

const causeAndRemedy = ({ options }: TimedStage) =>
  `The log of the rotation function has the cause. When it is removed: ${rotate(options)}\nSee "A rotation does not complete" in docs/operator-runbook.md.`;

const rotate = (options: string) => `npx postern key rotate ${options}`;
