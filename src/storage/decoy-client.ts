import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Client } from '../clients/client.ts';

/** An item of the usual size, in DynamoDB's JSON. Nobody knows its secret, and no item of the table has its key. */
const decoy = JSON.stringify({
  Item: {
    pk: { S: 'decoy#00000000000000000000000000000000' },
    id: { S: '00000000000000000000000000000000' },
    name: { S: 'Decoy' },
    kind: { S: 'integration' },
    authenticationMethods: { L: [{ S: 'client_secret_basic' }, { S: 'client_secret_post' }] },
    secrets: {
      L: [
        {
          M: {
            id: { S: '00000000' },
            hash: { S: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
            createdAt: { N: '1800000000' },
          },
        },
      ],
    },
    keys: { L: [] },
    grants: { L: [{ S: 'client_credentials' }] },
    scopes: { L: [{ S: 'orders:read' }, { S: 'orders:create' }] },
    defaultScopes: { L: [] },
    requiredScopes: { L: [] },
    subjects: { L: [] },
    audiences: { L: [] },
    allowedOrigins: { L: [] },
    dpopBoundAccessTokens: { BOOL: false },
    fapi: { BOOL: false },
    mayIntrospect: { BOOL: false },
    claims: { M: {} },
    status: { S: 'disabled' },
    tokenGeneration: { S: 'AAAAAAAAAAA' },
    createdAt: { N: '1800000000' },
    version: { N: '1' },
  },
});

const Response = v.object({
  Item: v.record(
    v.string(),
    v.custom<AttributeValue>(() => true),
  ),
});

/** The SDK's own reading of an item takes about twice as long as ours: see bench/authentication-timing.ts. */
const repetitions = 3;

/**
 * Takes the time in which the response with a client is parsed. Called where there is none, so that timing does not reveal
 * it.
 */
export function parseDecoyClient(): void {
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const { Item } = v.parse(Response, JSON.parse(decoy));
    v.parse(Client, unmarshall(Item));
  }
}
