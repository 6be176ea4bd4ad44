import * as v from 'valibot';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint, readRoutes, requestCompleted, routes } from '../../src/http/endpoint.ts';
import type { RequestHandler } from '../../src/http/endpoint.ts';
import { dialectNames } from '../../src/oauth/dialect.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { dynamodbSubscriptionStore } from './subscription-store.ts';
import { createSubscription, readSubscription } from './subscriptions.ts';

const env = readEnvironment('STAGE', 'DIALECT', 'RESTORE_CHALLENGES', 'SUBSCRIPTIONS_TABLE');
const { log, observe } = functionLog({ stage: env.STAGE });
const subscriptions = dynamodbSubscriptionStore(dynamodb(), env.SUBSCRIPTIONS_TABLE);

const route = (handle: RequestHandler) =>
  endpoint({
    dialect: v.parse(v.picklist(dialectNames), env.DIALECT),
    stage: env.STAGE,
    restoreChallenges: env.RESTORE_CHALLENGES === 'true',
    log,
    handle,
  });

export const handler = observe(
  routes({
    'POST /api/v1/marketplace/subscriptions': route(createSubscription(subscriptions)),
    ...readRoutes(
      '/api/v1/marketplace/subscriptions/{externalSubscriptionId}',
      route(readSubscription(subscriptions)),
    ),
  }),
  requestCompleted,
);
