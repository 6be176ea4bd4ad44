import assert from 'node:assert/strict';
import { rotateSigningKeySet } from '../../src/keys/rotation.ts';
import { publicKeys } from '../../src/keys/signing-key-set.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';
import { dynamodbReplayStore } from '../../src/storage/replay-store.ts';
import { dynamodbRevocationStateReader } from '../../src/storage/revocation-state-reader.ts';
import { dynamodbSecretUseStore } from '../../src/storage/secret-use-store.ts';
import { dynamodbSessionOriginReader } from '../../src/storage/session-origin-reader.ts';
import { dynamodbSessionStore } from '../../src/storage/session-store.ts';
import { dynamodbSubjectStore } from '../../src/storage/subject-store.ts';
import { dynamodbTokenRevoker } from '../../src/storage/token-revoker.ts';
import { afterThisFile } from '../after-this-test.ts';
import { memoryAccountStore } from '../memory/account-store.ts';
import { memoryClientStore } from '../memory/client-store.ts';
import { memoryReplayStore } from '../memory/replay-store.ts';
import { memoryRevocationStore } from '../memory/revocation-store.ts';
import { memorySecretUseStore } from '../memory/secret-use-store.ts';
import { memorySessionOriginReader } from '../memory/session-origin-reader.ts';
import { memorySessionStore } from '../memory/session-store.ts';
import { memorySubjectStore } from '../memory/subject-store.ts';
import { accountStoreContract } from './account-store-contract.ts';
import { clientStoreContract } from './client-store-contract.ts';
import { replayStoreContract } from './replay-store-contract.ts';
import { revocationStoreContract } from './revocation-store-contract.ts';
import { secretUseStoreContract } from './secret-use-store-contract.ts';
import { sessionOriginReaderContract } from './session-origin-reader-contract.ts';
import { sessionStoreContract } from './session-store-contract.ts';
import { subjectStoreContract } from './subject-store-contract.ts';
import { testDatabase } from './tables.ts';

const { name, dynamodb, table, close } = await testDatabase();
afterThisFile(close);

clientStoreContract('memory', async () => memoryClientStore());
clientStoreContract(name, async () => dynamodbClientStore(dynamodb, await table()));
accountStoreContract('memory', async () => memoryAccountStore());
accountStoreContract(name, async () => dynamodbAccountStore(dynamodb, await table()));
sessionStoreContract('memory', async () => memorySessionStore());
sessionStoreContract(name, async () => dynamodbSessionStore(dynamodb, await table()));
subjectStoreContract('memory', async () => memorySubjectStore());
subjectStoreContract(name, async () => dynamodbSubjectStore(dynamodb, await table()));
sessionOriginReaderContract('memory', async () => {
  const [clients, accounts] = [memoryClientStore(), memoryAccountStore()];
  return { clients, accounts, origins: memorySessionOriginReader(clients, accounts) };
});
sessionOriginReaderContract(name, async () => {
  const clientsTable = await table();
  return {
    clients: dynamodbClientStore(dynamodb, clientsTable),
    accounts: dynamodbAccountStore(dynamodb, clientsTable),
    origins: dynamodbSessionOriginReader(dynamodb, clientsTable),
  };
});
replayStoreContract('memory', async () => memoryReplayStore());
replayStoreContract(name, async () => dynamodbReplayStore(dynamodb, await table()));
secretUseStoreContract('memory', async () => memorySecretUseStore());
secretUseStoreContract(name, async () => dynamodbSecretUseStore(dynamodb, await table()));

const [key] = publicKeys(
  await rotateSigningKeySet(undefined, { algorithm: 'ES256', longestTokenLifetime: 14_400 }, 0),
  0,
);
assert.ok(key);
revocationStoreContract('memory', async () => {
  const clients = memoryClientStore();
  const sessions = memorySessionStore();
  let published: string[] = [];
  const revocations = memoryRevocationStore(clients, sessions, () => published);
  const publish = async (...keyIds: string[]) => void (published = keyIds);
  return { clients, sessions, revoker: revocations, states: revocations, publish };
});
revocationStoreContract(name, async () => {
  const [clientsTable, sessionsTable] = [await table(), await table()];
  const keySet = dynamodbPublishedKeySetStore(dynamodb, clientsTable);
  return {
    clients: dynamodbClientStore(dynamodb, clientsTable),
    sessions: dynamodbSessionStore(dynamodb, sessionsTable),
    revoker: dynamodbTokenRevoker(dynamodb, sessionsTable),
    states: dynamodbRevocationStateReader(dynamodb, { clientsTable, sessionsTable }),
    publish: (...keyIds) => keySet.put({ keys: keyIds.map((kid) => ({ ...key, kid })) }),
  };
});
