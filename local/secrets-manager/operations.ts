import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { arn, stableId } from '../identity.ts';
import type { Secret, SecretStore } from './secret-store.ts';
import { ServiceError } from './service-error.ts';
import { now } from './timestamps.ts';
import { hasValue, moveStage, putVersion, removeStage, versionWithStage } from './versions.ts';

/** What an operation has to work with. */
interface Operations {
  readonly store: SecretStore;
  readonly rotate: (secret: Secret, input: unknown) => Promise<unknown>;
}

type Operation = (input: unknown, operations: Operations) => unknown;

const value = { SecretString: v.optional(v.string()), SecretBinary: v.optional(v.string()) };
const token = v.optional(v.pipe(v.string(), v.minLength(32), v.maxLength(64)));

const CreateSecret = v.object({
  Name: v.string(),
  Description: v.optional(v.string()),
  ClientRequestToken: token,
  ...value,
});
const GetSecretValue = v.object({
  SecretId: v.string(),
  VersionId: v.optional(v.string()),
  VersionStage: v.optional(v.string()),
});
const PutSecretValue = v.object({
  SecretId: v.string(),
  ClientRequestToken: token,
  VersionStages: v.optional(v.array(v.string()), ['AWSCURRENT']),
  ...value,
});
const UpdateSecretVersionStage = v.object({
  SecretId: v.string(),
  VersionStage: v.string(),
  MoveToVersionId: v.optional(v.string()),
  RemoveFromVersionId: v.optional(v.string()),
});
const SecretId = v.object({ SecretId: v.string() });

/** Operations of Secrets Manager by their names. The response to any other is that it is unknown. */
export const operations: Readonly<Record<string, Operation>> = {
  CreateSecret(input, { store }) {
    const {
      Name,
      Description,
      ClientRequestToken = randomUUID(),
      ...secretValue
    } = parse(CreateSecret, input);
    let secret = store.find(Name);
    if (secret && !secret.Versions[ClientRequestToken]) {
      throw new ServiceError(
        'ResourceExistsException',
        `The operation failed because the secret ${Name} already exists.`,
      );
    }
    secret ??= {
      ARN: arn('secretsmanager', `secret:${Name}-${stableId(Name, 6)}`),
      Name,
      ...(Description !== undefined && { Description }),
      CreatedDate: now(),
      Versions: {},
    };
    store.add(secret);
    if (hasValue(secretValue)) {
      putVersion(secret, ClientRequestToken, secretValue);
      moveStage(secret, 'AWSCURRENT', ClientRequestToken);
    }
    store.save();
    return { ARN: secret.ARN, Name, VersionId: ClientRequestToken };
  },

  GetSecretValue(input, { store }) {
    const { SecretId: id, VersionId, VersionStage } = parse(GetSecretValue, input);
    const secret = found(store, id);
    const named = VersionId === undefined ? undefined : secret.Versions[VersionId];
    if (named && VersionStage !== undefined && !named.VersionStages.includes(VersionStage)) {
      throw new ServiceError(
        'InvalidRequestException',
        'You provided a VersionStage that is not associated to the provided VersionId.',
      );
    }
    const stage = VersionStage ?? (VersionId === undefined ? 'AWSCURRENT' : undefined);
    const [versionId, version] = Object.entries(secret.Versions).find(
      ([candidateId, candidate]) =>
        (VersionId === undefined || candidateId === VersionId) &&
        (stage === undefined || candidate.VersionStages.includes(stage)),
    ) ?? [undefined, undefined];
    if (!version || !hasValue(version)) {
      const what = VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${VersionId}`;
      throw new ServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${what}`,
      );
    }
    return { ARN: secret.ARN, Name: secret.Name, VersionId: versionId, ...version };
  },

  PutSecretValue(input, { store }) {
    const {
      SecretId: id,
      ClientRequestToken = randomUUID(),
      VersionStages,
      ...secretValue
    } = parse(PutSecretValue, input);
    const secret = found(store, id);
    if (!hasValue(secretValue)) {
      throw new ServiceError(
        'InvalidRequestException',
        'You must provide either SecretString or SecretBinary.',
      );
    }
    putVersion(secret, ClientRequestToken, secretValue);
    for (const stage of VersionStages) moveStage(secret, stage, ClientRequestToken);
    // The first value of a secret is its current one, whatever else it is called.
    if (!versionWithStage(secret, 'AWSCURRENT')) moveStage(secret, 'AWSCURRENT', ClientRequestToken);
    secret.LastChangedDate = now();
    store.save();
    return {
      ARN: secret.ARN,
      Name: secret.Name,
      VersionId: ClientRequestToken,
      VersionStages: secret.Versions[ClientRequestToken]?.VersionStages,
    };
  },

  DescribeSecret(input, { store }) {
    const { Versions, ...secret } = found(store, parse(SecretId, input).SecretId);
    return {
      ...secret,
      RotationEnabled: secret.RotationLambdaARN !== undefined,
      VersionIdsToStages: Object.fromEntries(
        Object.entries(Versions)
          .filter(([, { VersionStages }]) => VersionStages.length > 0)
          .map(([id, { VersionStages }]) => [id, VersionStages]),
      ),
    };
  },

  UpdateSecretVersionStage(input, { store }) {
    const request = parse(UpdateSecretVersionStage, input);
    const { VersionStage, MoveToVersionId, RemoveFromVersionId } = request;
    const secret = found(store, request.SecretId);
    const holder = versionWithStage(secret, VersionStage)?.[0];
    if (MoveToVersionId !== undefined && !secret.Versions[MoveToVersionId]) {
      throw new ServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret version: ${MoveToVersionId}.`,
      );
    }
    if (holder !== undefined && holder !== MoveToVersionId && holder !== RemoveFromVersionId) {
      throw new ServiceError(
        'InvalidParameterException',
        `The parameter RemoveFromVersionId can't be empty. Staging label ${VersionStage} is currently attached to ` +
          `version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    if (MoveToVersionId !== undefined) moveStage(secret, VersionStage, MoveToVersionId);
    else if (VersionStage === 'AWSCURRENT') {
      throw new ServiceError(
        'InvalidParameterException',
        'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
      );
    } else removeStage(secret, VersionStage);
    secret.LastChangedDate = now();
    store.save();
    return { ARN: secret.ARN, Name: secret.Name };
  },

  RotateSecret(input, { store, rotate }) {
    return rotate(found(store, parse(SecretId, input).SecretId), input);
  },
};

function found(store: SecretStore, secretId: string): Secret {
  const secret = store.find(secretId);
  if (secret) return secret;
  throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
}

function parse<Schema extends v.GenericSchema>(schema: Schema, input: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new ServiceError(
    'InvalidParameterException',
    `${v.getDotPath(issue) ?? 'The request'}: ${issue.message}`,
  );
}
