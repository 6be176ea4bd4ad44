import * as v from 'valibot';
import { authenticationContext, stageStores, verificationContext } from '../../src/capabilities.ts';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { revocationRequest } from '../../src/http/endpoints/revocation.ts';
import { oauthDialects } from '../../src/http/error-response.ts';
import { dynamodbTokenRevoker } from '../../src/storage/revocation-store.ts';
import { secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment(
  'STAGE',
  'ISSUER',
  'DIALECT',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
);
const stores = stageStores(env, secretsManager());

export const handler = endpoint({
  dialect: v.parse(v.picklist(oauthDialects), env.DIALECT),
  stage: env.STAGE,
  handle: revocationRequest({
    ...authenticationContext(stores, env.ISSUER),
    ...verificationContext(stores, env.ISSUER),
    revocations: dynamodbTokenRevoker(stores.database, env.SESSIONS_TABLE),
  }),
});

await Promise.allSettled([stores.keys()]);
