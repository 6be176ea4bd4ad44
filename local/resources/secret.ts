import { randomInt } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { parseProperties } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const Generated = v.strictObject({
  PasswordLength: v.optional(v.number(), 32),
  ExcludePunctuation: v.optional(v.boolean(), false),
  ExcludeUppercase: v.optional(v.boolean(), false),
  ExcludeLowercase: v.optional(v.boolean(), false),
  ExcludeNumbers: v.optional(v.boolean(), false),
  ExcludeCharacters: v.optional(v.string(), ''),
});

const Secret = v.object({
  Name: v.optional(v.string()),
  Description: v.optional(v.string()),
  SecretString: v.optional(v.string()),
  GenerateSecretString: v.optional(Generated),
});

/** `AWS::SecretsManager::Secret`: made once; what is there since an earlier start keeps its value. */
export async function createSecret(
  { physicalName, properties }: ResourceRequest,
  { clients: { secretsManager } }: StageEnvironment,
): Promise<CreatedResource> {
  const secret = parseProperties(Secret, properties);
  const Name = secret.Name ?? physicalName;
  const ref = await secretsManager.send(new DescribeSecretCommand({ SecretId: Name })).then(
    ({ ARN }) => ARN,
    async (error: unknown) => {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      const SecretString =
        secret.SecretString ?? password(secret.GenerateSecretString ?? v.parse(Generated, {}));
      const created = await secretsManager.send(
        new CreateSecretCommand({ Name, Description: secret.Description, SecretString }),
      );
      return created.ARN;
    },
  );
  if (ref === undefined) throw new LocalFailure('the secret has no ARN');
  return { ref, attributes: { Id: ref } };
}

function password(generated: v.InferOutput<typeof Generated>): string {
  const kinds = [
    !generated.ExcludeLowercase && 'abcdefghijklmnopqrstuvwxyz',
    !generated.ExcludeUppercase && 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    !generated.ExcludeNumbers && '0123456789',
    !generated.ExcludePunctuation && '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
  ];
  const characters = kinds
    .flatMap((kind) => (kind === false ? [] : kind.split('')))
    .filter((character) => !generated.ExcludeCharacters.includes(character));
  if (characters.length === 0) throw new LocalFailure('GenerateSecretString excludes every character');
  return Array.from(
    { length: generated.PasswordLength },
    () => characters[randomInt(characters.length)],
  ).join('');
}
