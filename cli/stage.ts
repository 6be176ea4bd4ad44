import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import type { Registry } from '../src/clients/client-registration.ts';
import type { MaximumLifetimes } from '../src/clients/registration-rules.ts';
import type { SecretUseStore } from '../src/clients/secret-use.ts';
import type { Clock } from '../src/clock.ts';
import { signingAlgorithmNames } from '../src/keys/algorithms.ts';
import type { PublishedKeySetReader, PublishedKeySetWriter } from '../src/keys/published-key-set.ts';
import { dialectNames } from '../src/oauth/dialect.ts';
import { ClientAssertionPolicy } from '../src/oauth/stage-policies.ts';
import type { SigningKeySetStore } from '../src/storage/signing-key-set-store.ts';

/** A stage that the command line is connected to. */
export interface Stage extends Omit<Registry, 'clock'> {
  /** What its record says, as it was deployed. */
  readonly record: StageSettings;
  /** The options that select it, for commands that are printed: `--stage sandbox --local`. */
  readonly options: string;
  /** The URL that partners call, if it can be found. */
  readonly url: () => Promise<string | undefined>;
  /** Whether a route is behind API Gateway's own JWT authorizer, as far as can be found. */
  readonly hasJwtAuthorizer: () => Promise<boolean>;
  readonly secretUses: Pick<SecretUseStore, 'lastUse'>;
  /** The longest lifetimes of its tokens that the stage grants, in seconds. */
  readonly maximumLifetimes: MaximumLifetimes;
  readonly signingKeys: SigningKeySetStore;
  readonly publishedKeys: PublishedKeySetReader & PublishedKeySetWriter;
  /** Reads the time of DynamoDB, which costs a request: only for commands that need the time. */
  readonly readClock: () => Promise<StageClock>;
  /** Waits for a number of seconds while AWS works. */
  readonly wait: (seconds: number) => Promise<void>;
}

/** A stage whose time was read. */
export type TimedStage = Stage & Pick<Registry, 'clock'>;

export interface StageClock {
  readonly clock: Clock;
  /** What the operator must be told of the clock of this machine. */
  readonly warnings: readonly string[];
}

/** CloudFormation has strings only. */
const seconds = v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1));

/** The settings of a stage that commands depend on. The stage states them in an output. */
const StageSettings = v.object({
  id: v.string(),
  name: v.string(),
  signingAlgorithm: v.picklist(signingAlgorithmNames),
  dialect: v.picklist(dialectNames),
  authorizerCacheSeconds: v.number(),
  clientAssertions: ClientAssertionPolicy,
});
export type StageSettings = v.InferOutput<typeof StageSettings>;

/** The outputs of a stage's stateful stack that the command line needs. */
export const StageOutputs = v.object({
  ClientsTable: v.string(),
  HashKeySecret: v.string(),
  SigningKeysSecret: v.string(),
  MaximumAccessTokenLifetime: seconds,
  MaximumSessionLifetime: seconds,
  /** Left out by earlier versions. */
  StageSettings: v.exactOptional(v.pipe(v.string(), v.parseJson(), StageSettings)),
});

/** Where the data of a stage is, deployed or local. */
export interface StageLocation extends Pick<Stage, 'options' | 'url' | 'hasJwtAuthorizer'> {
  readonly outputs: v.InferOutput<typeof StageOutputs>;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
}
