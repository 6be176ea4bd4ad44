import { createHash, randomInt } from 'node:crypto';
import * as v from 'valibot';
import { callerOf } from '../../src/http/authorizer-context.ts';
import { parseBody } from '../../src/http/body.ts';
import type { EndpointOptions } from '../../src/http/endpoint.ts';
import { json, noStore } from '../../src/http/http-response.ts';
import type { Response } from '../../src/http/http-response.ts';
import { ok } from '../../src/result.ts';
import type { SubscriptionStore } from './subscription-store.ts';
import { maximumTextLength, Order } from './subscription.ts';
import type { Subscription } from './subscription.ts';

/** `POST /api/v1/marketplace/subscriptions`. The gateway has checked the scope. */
export function createSubscription(store: SubscriptionStore): EndpointOptions['handle'] {
  return async (request) => {
    const caller = callerOf(request);
    if (!caller.ok) return caller;
    const members = parseBody(request);
    if (!members.ok) return members;

    const order = v.safeParse(Order, Object.fromEntries(members.value));
    const permitted = caller.value.trading_partner_ids?.split(' ') ?? [];
    const tradingPartnerId = members.value.get('tradingPartnerId');
    const details = (order.issues ?? []).map((issue) => ({
      field: v.getDotPath(issue) ?? '',
      message: messageOf(issue),
    }));
    if (typeof tradingPartnerId === 'string' && tradingPartnerId && !permitted.includes(tradingPartnerId)) {
      details.push({ field: 'tradingPartnerId', message: 'is not on the permitted list of this client' });
    }
    if (!order.success || details.length > 0) return ok(unprocessable(details));
    return ok(await create(store, caller.value.client_id, order.output));
  };
}

async function create(store: SubscriptionStore, clientId: string, order: Order): Promise<Response> {
  const orderHash = createHash('sha256').update(JSON.stringify(order)).digest('base64url');
  const { externalSubscriptionId } = order;
  const subscription: Subscription = {
    subscriptionNumber: `S-${String(randomInt(1e12)).padStart(12, '0')}`,
    externalSubscriptionId,
    status: 'Creating',
    orderHash,
  };
  if (await store.create(clientId, subscription)) return json(201, view(subscription), noStore);

  const existing = await store.find(clientId, externalSubscriptionId);
  if (existing?.orderHash === orderHash) return json(200, view(existing), noStore);
  return json(
    409,
    {
      error: 'conflict',
      error_description: 'There is a subscription with this externalSubscriptionId and another order.',
    },
    noStore,
  );
}

/** `GET /api/v1/marketplace/subscriptions/{externalSubscriptionId}`. Another partner's is as if there were none. */
export function readSubscription(store: SubscriptionStore): EndpointOptions['handle'] {
  return async (request) => {
    const caller = callerOf(request);
    if (!caller.ok) return caller;
    const externalSubscriptionId = request.pathParameters['externalSubscriptionId'] ?? '';
    const subscription =
      externalSubscriptionId.length > maximumTextLength
        ? undefined
        : await store.find(caller.value.client_id, externalSubscriptionId);
    if (subscription) return ok(json(200, view(subscription), noStore));
    const body = { error: 'not_found', error_description: 'There is no subscription with this external id.' };
    return ok(json(404, body, noStore));
  };
}

const view = ({ subscriptionNumber, externalSubscriptionId, status }: Subscription) => ({
  subscriptionNumber,
  externalSubscriptionId,
  status,
});

function unprocessable(details: readonly { field: string; message: string }[]): Response {
  const fields = details.map(({ field }) => field).join(', ');
  return json(
    422,
    {
      error: 'invalid_request',
      error_description: `These fields are missing or not valid: ${fields}.`,
      details,
    },
    noStore,
  );
}

const messageOf = (issue: v.BaseIssue<unknown>) =>
  issue.input === undefined ? 'is required' : issue.message;
