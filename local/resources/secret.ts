import { randomInt } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const Generated = v.strictObject({
  PasswordLength: v.optional(v.number(), 32),
  ExcludePunctuation: v.optional(v.boolean(), false),
  ExcludeUppercase: v.optional(v.boolean(), false),
  ExcludeLowercase: v.optional(v.boolean(), false),
  ExcludeNumbers: v.optional(v.boolean(), false),
  ExcludeCharacters: v.optional(v.string(), ''),
  IncludeSpace: v.optional(v.boolean(), false),
  // A generated password of this machine protects nothing.
  RequireEachIncludedType: v.optional(v.boolean()),
  /** A JSON object, to which the password is added as the member `GenerateStringKey`. */
  SecretStringTemplate: v.optional(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()))),
  GenerateStringKey: v.optional(v.string()),
});

const secret = {
  run: {
    Name: v.optional(v.string()),
    Description: v.optional(v.string()),
    SecretString: v.optional(v.string()),
    GenerateSecretString: v.optional(Generated),
  },
  withoutEffect: ['KmsKeyId', 'ReplicaRegions', 'Tags', 'Type'],
} satisfies PropertyRule<v.ObjectEntries>;

/** `AWS::SecretsManager::Secret`: made once; what is there since an earlier start keeps its value. */
export async function createSecret(
  request: ResourceRequest,
  { clients: { secretsManager }, notRun }: StageEnvironment,
): Promise<CreatedResource> {
  const template = readProperties(secret, request, notRun);
  const Name = template.Name ?? request.physicalName;
  const ref = await secretsManager.send(new DescribeSecretCommand({ SecretId: Name })).then(
    ({ ARN }) => ARN,
    async (error: unknown) => {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      const SecretString =
        template.SecretString ?? generated(template.GenerateSecretString ?? v.parse(Generated, {}));
      const created = await secretsManager.send(
        new CreateSecretCommand({ Name, Description: template.Description, SecretString }),
      );
      return created.ARN;
    },
  );
  if (ref === undefined) throw new LocalFailure('the secret has no ARN');
  return { ref, attributes: { Id: ref } };
}

function generated(settings: v.InferOutput<typeof Generated>): string {
  const { SecretStringTemplate, GenerateStringKey } = settings;
  if (SecretStringTemplate === undefined || GenerateStringKey === undefined) return password(settings);
  return JSON.stringify({ ...SecretStringTemplate, [GenerateStringKey]: password(settings) });
}

function password(settings: v.InferOutput<typeof Generated>): string {
  const kinds = [
    !settings.ExcludeLowercase && 'abcdefghijklmnopqrstuvwxyz',
    !settings.ExcludeUppercase && 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    !settings.ExcludeNumbers && '0123456789',
    settings.IncludeSpace && ' ',
    !settings.ExcludePunctuation && '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
  ];
  const characters = kinds
    .flatMap((kind) => (kind === false ? [] : kind.split('')))
    .filter((character) => !settings.ExcludeCharacters.includes(character));
  if (characters.length === 0) throw new LocalFailure('GenerateSecretString excludes every character');
  return Array.from({ length: settings.PasswordLength }, () => characters[randomInt(characters.length)]).join(
    '',
  );
}
