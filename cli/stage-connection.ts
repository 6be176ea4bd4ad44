import { setTimeout } from 'node:timers/promises';
import { dialects } from '../src/oauth/dialect.ts';
import { dynamodbAccountStore } from '../src/storage/account-store.ts';
import { dynamodbClientStore } from '../src/storage/client-store.ts';
import { dynamodbPublishedKeySetStore } from '../src/storage/published-key-set-store.ts';
import { dynamodbSecretUseStore } from '../src/storage/secret-use-store.ts';
import { readHashKeys } from '../src/storage/secrets.ts';
import { signingKeySetStore } from '../src/storage/signing-key-set-store.ts';
import { dynamodbSubjectStore } from '../src/storage/subject-store.ts';
import { Refused } from './command.ts';
import type { StageSelection } from './command.ts';
import { deployedStage } from './deployed-stage.ts';
import { dynamodbClock } from './dynamodb-clock.ts';
import { knownStage } from './known-stages.ts';
import { localStage } from './local-stage.ts';
import type { Stage } from './stage.ts';

/** Connects to the stage that was named, deployed or local. */
export async function connectStage({ stage: name, local, port }: StageSelection): Promise<Stage> {
  const known = knownStage(name);
  const { outputs, dynamodb, secretsManager, options, url, hasJwtAuthorizer } = local
    ? localStage({ name }, port)
    : await deployedStage(known ?? { name });
  const record = outputs.StageSettings ?? known;
  if (!record)
    throw new Refused(`The stage ${name} lacks an output that this version needs: deploy it again.`);
  const keys = readHashKeys(secretsManager, outputs.HashKeySecret);
  return {
    record,
    options,
    url,
    hasJwtAuthorizer,
    clients: dynamodbClientStore(dynamodb, outputs.ClientsTable),
    accounts: dynamodbAccountStore(dynamodb, outputs.ClientsTable),
    subjects: dynamodbSubjectStore(dynamodb, outputs.ClientsTable),
    secretUses: dynamodbSecretUseStore(dynamodb, outputs.ClientsTable),
    maximumLifetimes: {
      accessToken: outputs.MaximumAccessTokenLifetime,
      session: outputs.MaximumSessionLifetime,
    },
    signingKeys: signingKeySetStore(secretsManager, outputs.SigningKeysSecret),
    publishedKeys: dynamodbPublishedKeySetStore(dynamodb, outputs.ClientsTable),
    secretHashKey: async () => (await keys()).clientSecret,
    readClock: () => dynamodbClock(dynamodb, outputs.ClientsTable),
    unsignedAssertions: dialects[record.dialect].unsignedAssertions,
    wait: (seconds) => setTimeout(seconds * 1_000),
  };
}
