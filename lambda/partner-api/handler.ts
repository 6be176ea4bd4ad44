import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import type { Response } from '../../src/http/http-response.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { readProfile } from './profile.ts';
import { dynamodbSubscriptionStore } from './subscription-store.ts';
import { createSubscription, readSubscription } from './subscriptions.ts';

const env = readEnvironment('STAGE', 'CLIENTS_TABLE', 'SUBSCRIPTIONS_TABLE');
const stage = env.STAGE;
const database = dynamodb();
const accounts = dynamodbAccountStore(database, env.CLIENTS_TABLE);
const subscriptions = dynamodbSubscriptionStore(database, env.SUBSCRIPTIONS_TABLE);

/** Each route by its key, in the error dialect of the programs that call it. */
const routes = new Map([
  [
    'GET /rest/v1/users/{mage_id}',
    endpoint({ dialect: 'eqp', stage, handle: ownAccount(accounts, readProfile) }),
  ],
  [
    'POST /api/v1/marketplace/subscriptions',
    endpoint({ dialect: 'rfc6749', stage, handle: createSubscription(subscriptions) }),
  ],
  [
    'GET /api/v1/marketplace/subscriptions/{externalSubscriptionId}',
    endpoint({ dialect: 'rfc6749', stage, handle: readSubscription(subscriptions) }),
  ],
]);

export async function handler(event: APIGatewayProxyEventV2): Promise<Response> {
  const route = routes.get(event.routeKey);
  if (!route) throw new Error('API Gateway routes a request here that has no handler');
  return route(event);
}
