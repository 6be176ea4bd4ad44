import { planKeyRevocation, revokeKey } from '../src/keys/key-revocation.ts';
import type { KeyRevocation, KeyRevocationProblem } from '../src/keys/key-revocation.ts';
import { publicKeys } from '../src/keys/signing-key-set.ts';
import type { KeyRole } from '../src/keys/signing-key-set.ts';
import { generateSigningKey } from '../src/keys/signing-key.ts';
import { argument, flag } from './arguments/parameters.ts';
import { UsageError } from './arguments/usage-error.ts';
import { command, Refused } from './command.ts';
import { errorMessage } from './error-output.ts';
import { keyViews } from './key-view.ts';
import type { Stage } from './stage.ts';

export const keyRevoke = command({
  summary: 'Revokes a signing key that has become known to others',
  details: [
    'Tokens that it signed are refused. If it is the current key, the next one becomes current.',
    'A kid that begins with a hyphen comes last, after --',
  ],
  parameters: {
    kid: argument('KID', 'The kid of the key, as in key list'),
    yes: flag('Does not ask for confirmation; required if no one can be asked'),
  },
  examples: ['npx postern key revoke q3Zr8mM0aXw --stage sandbox'],
  async run({ kid, yes }, { connectWithClock, terminal }) {
    if (!yes && !terminal.attended) {
      throw new UsageError(
        'This makes tokens invalid, and there is no one to ask for confirmation: add --yes.',
      );
    }
    const stage = await connectWithClock();
    const now = stage.clock();
    const generateKey = () => generateSigningKey(stage.record.signingAlgorithm);
    const plan = await planKeyRevocation(await stage.signingKeys.read(), kid, generateKey, now);
    if (!plan.ok) throw refusal(plan.error, kid, stage);
    if (!yes && !(await terminal.confirm(question(plan.value, stage)))) {
      throw new Refused(`The key ${kid} was not revoked.`);
    }
    const revoked = await revokeKey(plan.value, {
      keys: stage.signingKeys,
      published: stage.publishedKeys,
      now,
    });
    if (!revoked.ok) throw refusal(revoked.error, kid, stage);
    const { set, role } = plan.value;
    return {
      json: {
        kid,
        role,
        revoked: true,
        keys: keyViews({ set }, { keys: publicKeys(set, now) }, now),
      },
      text: [
        `The key ${kid} (${role}) is revoked in ${stage.record.name}.`,
        ...effects[role](plan.value, stage),
      ].join('\n'),
    };
  },
});

const question = ({ kid, role }: KeyRevocation, { record }: Stage) =>
  `Revoke ${kid} (${role}) in ${record.name}? ${role === 'next' ? 'It has signed nothing yet.' : 'The tokens that it signed become invalid.'}`;

const newKey = 'A new key is next, and is published.';

/** What becomes of tokens and signatures, by the role of the revoked key. */
const effects: Readonly<Record<KeyRole, (revocation: KeyRevocation, stage: Stage) => readonly string[]>> = {
  previous: (_, stage) => [tokensAreRefused(stage)],
  next: ({ hadDate }, { options }) => [
    `It has signed nothing yet. ${newKey}`,
    ...(hadDate
      ? [
          `It was to sign from a date on. A new key does after the next rotation, as soon as every cache has it: npx postern key rotate ${options}`,
        ]
      : []),
  ],
  current: ({ currentKid, isUnknownToCaches }, stage) => [
    tokensAreRefused(stage),
    `${currentKid} is current: the token function signs with it within a minute. Tokens that it signs with the old key until then are refused.`,
    `${newKey} Partners request new tokens when theirs are refused.`,
    ...(isUnknownToCaches
      ? [
          'The current key was published less than two hours ago. Where the key set is cached, its tokens are refused until the set is read again.',
        ]
      : []),
  ],
};

function tokensAreRefused({ record }: Stage): string {
  // The authorizer checks which keys are published whenever API Gateway does not use a cached result.
  const delay = record.authorizerCacheSeconds;
  const authorizer = delay === 0 ? 'at once' : `within ${delay} seconds`;
  return `Its tokens are refused at once by introspection, ${authorizer} by the Lambda authorizer, and within two hours wherever the key set is cached, such as by API Gateway's own JWT authorizer.`;
}

function refusal(problem: KeyRevocationProblem, kid: string, { record, options }: Stage): Refused {
  const resume = `npx postern key rotate ${options}`;
  switch (problem.code) {
    case 'rotation_under_way':
      return new Refused(
        `A rotation of the signing keys has begun and is not complete: it would bring the key back. Wait until it is complete, or resume it: ${resume}`,
      );
    case 'no_keys':
      return new Refused(`There are no signing keys in ${record.name} yet.`);
    case 'unknown_key':
      return new Refused(
        `There is no signing key with this kid. There are ${problem.keys.map((key) => `${key.kid} (${key.role})`).join(', ')}.`,
      );
    case 'set_changed':
      return new Refused('The signing keys were changed by someone else. Nothing was revoked: try again.');
    case 'secret_not_written':
      return new Refused(
        `The key ${kid} is no longer published, but it is still in the secret: ${errorMessage(problem.cause)}\nUntil it is removed there, tokens may be signed with it, which are refused. Run the same command again.`,
      );
    case 'rotation_began':
      break;
  }
  return new Refused(
    `A rotation began while ${kid} was revoked, and may bring it back. Look in a minute, and revoke it again if it is listed: npx postern key list ${options}`,
  );
}
