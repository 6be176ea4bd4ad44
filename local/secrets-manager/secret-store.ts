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
export class SecretStore {
  readonly #path: string | undefined;
  readonly #secrets: Map<string, Secret>;

  constructor(path: string | undefined) {
    this.#path = path;
    this.#secrets = new Map(read(path).map((secret) => [secret.ARN, secret]));
  }

  /** A secret is named by its ARN or by its name. */
  find(secretId: string): Secret | undefined {
    return this.#secrets.get(secretId) ?? [...this.#secrets.values()].find(({ Name }) => Name === secretId);
  }

  add(secret: Secret): void {
    this.#secrets.set(secret.ARN, secret);
  }

  /** Makes what was changed durable: to be called before the change is answered. */
  save(): void {
    if (this.#path !== undefined)
      writeAtomically(this.#path, JSON.stringify([...this.#secrets.values()], undefined, 2));
  }
}

function read(path: string | undefined): Secret[] {
  if (path === undefined || !existsSync(path)) return [];
  try {
    return v.parse(v.pipe(v.string(), v.parseJson(), Secrets), readFileSync(path, 'utf8'));
  } catch (error) {
    throw new LocalFailure(`The secrets in ${path} cannot be read: ${causeOf(error)}`, { cause: error });
  }
}
