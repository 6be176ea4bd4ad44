import assert from 'node:assert/strict';
import type { TimedStage } from '../../cli/stage.ts';
import { stages } from '../../lib/stages.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';
import { dynamodbSecretUseStore } from '../../src/storage/secret-use-store.ts';
import type { SigningKeySetStore } from '../../src/storage/signing-key-set-store.ts';
import { dynamodbSubjectStore } from '../../src/storage/subject-store.ts';
import type { testDatabase } from '../contract/tables.ts';

export const now = Date.parse('2026-05-04T03:02:01Z') / 1000;
export const secretHashKey = deriveHashKeys('hash key of the tests').clientSecret;

const noSigningKeys: SigningKeySetStore = {
  read: () => assert.fail('nothing reads the signing keys here'),
  rotate: () => assert.fail('nothing rotates here'),
  write: () => assert.fail('nothing writes the signing keys here'),
};

/** A stage of a test, with the time that the test chooses. */
export type StageUnderTest = Omit<TimedStage, 'readClock'>;

/** A sandbox without clients and accounts. */
export async function emptyStage(
  database: Awaited<ReturnType<typeof testDatabase>>,
  signingKeys = noSigningKeys,
) {
  const [record] = stages;
  if (!record) throw new Error('There is no stage');
  const name = await database.table();
  return {
    record,
    options: '--stage sandbox --local',
    url: async () => 'http://127.0.0.1:4001',
    hasJwtAuthorizer: async () => false,
    clients: dynamodbClientStore(database.dynamodb, name),
    accounts: dynamodbAccountStore(database.dynamodb, name),
    subjects: dynamodbSubjectStore(database.dynamodb, name),
    secretHashKey: async () => secretHashKey,
    secretUses: dynamodbSecretUseStore(database.dynamodb, name),
    signingKeys,
    publishedKeys: dynamodbPublishedKeySetStore(database.dynamodb, name),
    clock: () => now,
    maximumLifetimes: { accessToken: 14_400, session: 7_200 },
    wait: () => assert.fail('nothing waits here'),
  } satisfies StageUnderTest;
}
