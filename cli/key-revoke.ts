import { keyRoleOf, revokeSigningKey } from '../src/keys/key-revocation.ts';
import type { KeyRole } from '../src/keys/key-revocation.ts';
import { generateSigningKey, publicKeys } from '../src/keys/signing-key-set.ts';
import type { SigningKeySet } from '../src/keys/signing-key-set.ts';
import { command } from './command.ts';
import { reasonOf } from './explain.ts';
import { Refused, UsageError } from './failures.ts';
import { keyViews } from './key-view.ts';
import { argument, flag } from './parameters.ts';
import type { SigningKeyState } from './signing-key-secret.ts';
import type { Stage } from './stage.ts';

export const keyRevoke = command({
  summary: 'Takes out a signing key that has become known to others',
  details: [
    'Tokens that it signed are refused. Where it is the current key, the next one becomes current.',
    'A kid that begins with a hyphen comes last, after --',
  ],
  parameters: {
    kid: argument('KID', 'The kid of the key, as key list has it'),
    yes: flag('Does not ask; needed where there is no one to ask'),
  },
  examples: ['npx postern key revoke q3Zr8mM0aXw --stage sandbox'],
  async run({ kid, yes }, { stage: connect, terminal }) {
    if (!yes && !terminal.attended) {
      throw new UsageError('Tokens become invalid by it, and there is no one to ask here: add --yes.');
    }
    const stage = await connect();
    const now = stage.clock();
    const state = await stage.signingKeys.read();
    const set = mayChange(stage, state);
    const revocation = await revokeSigningKey(
      set,
      kid,
      () => generateSigningKey(stage.record.signingAlgorithm),
      now,
    );
    if (!revocation.ok) throw new Refused(revocation.error);
    const revoked = revocation.value;
    const role = keyRoleOf(set, kid) ?? 'previous';
    const promotion = set.promoteNextAt;
    const signsAs = role === 'next' && promotion !== undefined && promotion <= now ? 'promoted' : role;
    if (!yes && !(await terminal.confirm(question(kid, signsAs, stage)))) {
      throw new Refused(`The key ${kid} was not revoked.`);
    }
    await replaceKeys(stage, state, revoked, kid);
    return {
      json: { kid, role, revoked: true, keys: keyViews({ set: revoked }, { keys: publicKeys(revoked) }) },
      text: [
        `The key ${kid} (${role}) is revoked in ${stage.record.name}.`,
        ...meaning[signsAs](revoked.current.kid, refusal(stage)),
        ...(promotion !== undefined && role === 'next' ? [takeoverWaits(stage)] : []),
        ...(role === 'current' && now < (set.nextCreatedAt ?? -Infinity) + cachedFor ? [cachesLackIt] : []),
      ].join('\n'),
    };
  },
});

/** The keys of a stage in which nothing else is changing them. */
function mayChange({ record, options }: Stage, { set, rotating }: SigningKeyState): SigningKeySet {
  if (rotating) {
    throw new Refused(
      `A rotation of the signing keys has begun and is not done: it would bring the key back. Wait until it is, or go on with it: npx postern key rotate ${options}`,
    );
  }
  if (!set) throw new Refused(`There are no signing keys in ${record.name} yet.`);
  return set;
}

/**
 * Published first: from then on whoever asks us refuses the key, whether or not the second write follows.
 * The other way round a death in between would leave the leaked key accepted.
 */
async function replaceKeys(
  stage: Stage,
  before: SigningKeyState,
  set: SigningKeySet,
  kid: string,
): Promise<void> {
  const { signingKeys, publishedKeys, options } = stage;
  // A person may have taken long to answer.
  const now = await signingKeys.read();
  mayChange(stage, now);
  if (now.versionId !== before.versionId) {
    throw new Refused('The signing keys were changed by someone else. Nothing was done: try again.');
  }
  await publishedKeys.put({ keys: publicKeys(set) });
  let written: string | undefined;
  try {
    written = await signingKeys.write(set);
  } catch (error) {
    throw new Refused(
      `The key ${kid} is published no more, but it is still in the secret: ${reasonOf(error)}\nUntil it is replaced there, tokens may be signed with it, which are refused. Run the same command again.`,
    );
  }
  const after = await signingKeys.read();
  if (after.rotating || after.versionId !== written) {
    throw new Refused(
      `A rotation began while ${kid} was revoked, and may bring it back. Look in a minute, and revoke it again if it is there: npx postern key list ${options}`,
    );
  }
}

/** What a key does; a next key whose day has come signs. */
type Work = KeyRole | 'promoted';

const question = (kid: string, role: Work, { record }: Stage) =>
  `Revoke ${kid} (${role}) in ${record.name}? ${role === 'next' ? 'It has signed nothing yet.' : 'The tokens that it signed become invalid.'}`;

/** Answers of the authorizer may be reused; it asks which keys are published for every one that it makes. */
const refusedWhen = ({ authorizerCacheSeconds }: Stage['record']) =>
  authorizerCacheSeconds === 0 ? 'at once' : `within ${authorizerCacheSeconds} seconds`;

const refusal = ({ record }: Stage) =>
  `Its tokens are refused at once by introspection, ${refusedWhen(record)} by the Lambda authorizer, and within two hours wherever the key set is cached, API Gateway's own JWT authorizer among them.`;

/** Seconds that a verifier may cache the published keys. */
const cachedFor = 7_200;

const cachesLackIt =
  'The key that is current now was published less than two hours ago: where the key set is cached, what it signs is refused until the set is read again.';

const takeoverWaits = ({ options }: Stage) =>
  `It was to take over from the current key, or had done so. A new key does with the next rotation; as soon as every cache has it, with: npx postern key rotate ${options}`;

const newTokens = 'A new key is next, and is published. Partners ask for new tokens when theirs are refused.';

/** What becomes of tokens and signatures, by what the key did. */
const meaning: Readonly<Record<Work, (current: string, refused: string) => readonly string[]>> = {
  previous: (_, refused) => [refused],
  next: () => ['It has signed nothing yet. A new key is next, and is published.'],
  promoted: (current, refused) => [
    refused,
    `${current} signs again: the token function takes it within a minute. What it signs with the old key until then is refused.`,
    newTokens,
  ],
  current: (current, refused) => [
    refused,
    `${current} is current: the token function signs with it within a minute. What it signs with the old key until then is refused.`,
    newTokens,
  ],
};
