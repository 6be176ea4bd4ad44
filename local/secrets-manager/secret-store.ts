import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { writeAtomically } from '../atomic-file.ts';
import { causeOf, LocalFailure } from '../failure.ts';

const Version = v.object({
  CreatedDate: v.number(),
  SecretString: v.optional(v.string()),
  SecretBinary: v.optional(v.string()),
  VersionStages: v.array(v.string()),
});

const Secret = v.object({
  ARN: v.string(),
  Name: v.string(),
  Description: v.optional(v.string()),
  CreatedDate: v.number(),
  LastChangedDate: v.optional(v.number()),
  LastRotatedDate: v.optional(v.number()),
  RotationLambdaARN: v.optional(v.string()),
  RotationRules: v.optional(v.record(v.string(), v.union([v.string(), v.number()]))),
  Versions: v.record(v.string(), Version),
});

const Secrets = v.array(Secret);

export type Version = v.InferOutput<typeof Version>;
export type Secret = v.InferOutput<typeof Secret>;

/** All secrets, by ARN, in memory and, where there is a file, in it. */
export interface SecretStore {
  /** Finds a secret by its ARN or by its name. */
  find(secretId: string): Secret | undefined;
  add(secret: Secret): void;
  /** Makes what was changed durable: to be called before the response. */
  save(): void;
}

export function secretStore(path: string | undefined): SecretStore {
  const secrets = new Map(read(path).map((secret) => [secret.ARN, secret]));
  return {
    find: (secretId) => secrets.get(secretId) ?? [...secrets.values()].find(({ Name }) => Name === secretId),
    add: (secret) => void secrets.set(secret.ARN, secret),
    save() {
      if (path !== undefined) writeAtomically(path, JSON.stringify([...secrets.values()], undefined, 2));
    },
  };
}

function read(path: string | undefined): Secret[] {
  if (path === undefined || !existsSync(path)) return [];
  try {
    return v.parse(v.pipe(v.string(), v.parseJson(), Secrets), readFileSync(path, 'utf8'));
  } catch (error) {
    throw new LocalFailure(`The secrets in ${path} cannot be read: ${causeOf(error)}`, { cause: error });
  }
}
