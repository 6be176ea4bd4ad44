import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  PutSecretValueCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { SigningKeySet } from '../src/keys/signing-key-set.ts';
import { Unavailable } from '../src/unavailable.ts';
import { Refused } from './failures.ts';

/** The signing key secret as it is now. */
export interface SigningKeyState {
  /** The version that is current. */
  readonly versionId: string | undefined;
  /** The keys; none before the first rotation. */
  readonly set: SigningKeySet | undefined;
  /** Whether a rotation has begun and is not done. */
  readonly rotating: boolean;
}

/** The secret with the signing keys of a stage, as far as operators have to do with it. */
export interface SigningKeySecret {
  read(): Promise<SigningKeyState>;
  /** Asks for a rotation: on AWS it has begun when this is answered, on this machine it is done. */
  rotate(): Promise<void>;
  /** Makes `set` current, and gives the version that holds it. */
  write(set: SigningKeySet): Promise<string | undefined>;
}

/** What a later version keeps beside the keys must outlive a change of them by this one. */
const StoredKeySet = v.pipe(v.string(), v.parseJson(), v.looseObject(SigningKeySet.entries));

/** What is wrong with the text is not said: an error of a parser quotes it. */
function parseKeySet(text: string): SigningKeySet {
  const parsed = v.safeParse(StoredKeySet, text);
  if (parsed.success) return parsed.output;
  throw new Refused(
    'The signing key secret holds no key set that this version can read. Nothing was done: use the version of the command line that the stage was deployed with.',
  );
}

export function signingKeySecret(client: SecretsManagerClient, SecretId: string): SigningKeySecret {
  return {
    async read() {
      const { VersionIdsToStages = {} } = await ask(client.send(new DescribeSecretCommand({ SecretId })));
      const versions = Object.entries(VersionIdsToStages);
      const { VersionId: versionId, SecretString = '{}' } = await ask(
        client.send(new GetSecretValueCommand({ SecretId })),
      );
      return {
        versionId,
        set: SecretString === '{}' ? undefined : parseKeySet(SecretString),
        // A rotation that is done may leave AWSPENDING on the version that it made current.
        rotating: versions.some(
          ([, labels]) => labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT'),
        ),
      };
    },

    async rotate() {
      try {
        await client.send(new RotateSecretCommand({ SecretId }));
      } catch (error) {
        if (!(error instanceof InvalidRequestException)) throw new Unavailable('Secrets Manager', error);
        throw new Refused(
          `Secrets Manager does not rotate the signing keys: ${error.message.replace(/\.$/, '')}.`,
        );
      }
    },

    async write(set) {
      const { VersionId } = await ask(
        client.send(
          new PutSecretValueCommand({
            SecretId,
            SecretString: JSON.stringify(set),
            // AWSPENDING that stayed on the old version would look like a rotation half done, and the next
            // one would go on with that version and bring its keys back.
            VersionStages: ['AWSCURRENT', 'AWSPENDING'],
          }),
        ),
      );
      return VersionId;
    },
  };
}

async function ask<Output>(operation: Promise<Output>): Promise<Output> {
  try {
    return await operation;
  } catch (error) {
    throw new Unavailable('Secrets Manager', error);
  }
}
