import { after } from 'node:test';
import { dynamodbAccountStore } from '../../src/storage/dynamodb-account-store.ts';
import { dynamodbClientStore } from '../../src/storage/dynamodb-client-store.ts';
import { dynamodbSessionStore } from '../../src/storage/dynamodb-session-store.ts';
import { memoryAccountStore } from '../../src/storage/memory-account-store.ts';
import { memoryClientStore } from '../../src/storage/memory-client-store.ts';
import { memorySessionStore } from '../../src/storage/memory-session-store.ts';
import { accountStoreContract } from './account-store-contract.ts';
import { clientStoreContract } from './client-store-contract.ts';
import { sessionStoreContract } from './session-store-contract.ts';
import { testDatabase } from './tables.ts';

const { name, dynamodb, table, close } = await testDatabase();
after(close);

clientStoreContract('memory', async () => memoryClientStore());
clientStoreContract(name, async () => dynamodbClientStore(dynamodb, await table()));
accountStoreContract('memory', async () => memoryAccountStore());
accountStoreContract(name, async () => dynamodbAccountStore(dynamodb, await table()));
sessionStoreContract('memory', async () => memorySessionStore());
sessionStoreContract(name, async () => dynamodbSessionStore(dynamodb, await table()));
