import { createHash, randomInt } from 'node:crypto';
import * as v from 'valibot';
import { errorResult } from '../../src/errors.ts';
import type { FieldProblem, RequestError } from '../../src/errors.ts';
import { callerOf } from '../../src/http/authorizer-context.ts';
import { parseBody } from '../../src/http/body.ts';
import type { RequestHandler } from '../../src/http/endpoint.ts';
import { json } from '../../src/http/http-message.ts';
import type { HttpResponse } from '../../src/http/http-message.ts';
import { failed, ok } from '../../src/result.ts';
import type { Result } from '../../src/result.ts';
import type { SubscriptionStore } from './subscription-store.ts';
import { maximumStringLength, Order } from './subscription.ts';
import type { Subscription } from './subscription.ts';

/** `POST /api/v1/marketplace/subscriptions`. The authorizer has checked the scope. */
export function createSubscription(store: SubscriptionStore): RequestHandler {
  return async (request) => {
    const caller = callerOf(request);
    if (!caller.ok) return caller;
    const { client_id: clientId, trading_partner_ids: permitted = '' } = caller.value;
    const members = parseBody(request);
    if (!members.ok) return failed({ ...members.error, clientId });
    const order = parseOrder(members.value, permitted.split(' '));
    if (!order.ok) {
      const fields = order.error.map(({ field }) => field).join(', ');
      return errorResult('unprocessable', `These fields are missing or not valid: ${fields}.`, {
        clientId,
        details: order.error,
      });
    }
    return create(store, clientId, order.value);
  };
}

/** The order of a request, or every field that is not valid. */
function parseOrder(
  members: ReadonlyMap<string, unknown>,
  permittedPartners: readonly string[],
): Result<Order, readonly FieldProblem[]> {
  const order = v.safeParse(Order, Object.fromEntries(members));
  const problems = (order.issues ?? []).map((issue) => ({
    field: v.getDotPath(issue) ?? '',
    message: issue.input === undefined ? 'is required' : issue.message,
  }));
  const tradingPartnerId = members.get('tradingPartnerId');
  if (
    typeof tradingPartnerId === 'string' &&
    tradingPartnerId !== '' &&
    !permittedPartners.includes(tradingPartnerId)
  ) {
    problems.push({ field: 'tradingPartnerId', message: 'is not on the permitted list of this client' });
  }
  return order.success && problems.length === 0 ? ok(order.output) : { ok: false, error: problems };
}

async function create(
  store: SubscriptionStore,
  clientId: string,
  order: Order,
): Promise<Result<HttpResponse, RequestError>> {
  const orderHash = createHash('sha256').update(JSON.stringify(order)).digest('base64url');
  const { externalSubscriptionId } = order;
  const subscription: Subscription = {
    subscriptionNumber: `S-${String(randomInt(1e12)).padStart(12, '0')}`,
    externalSubscriptionId,
    status: 'Creating',
    orderHash,
  };
  if (await store.create(clientId, subscription)) return ok(json(201, subscriptionBody(subscription)));

  const existing = await store.find(clientId, externalSubscriptionId);
  if (existing?.orderHash === orderHash) return ok(json(200, subscriptionBody(existing)));
  return errorResult(
    'conflict',
    'There is a subscription with this externalSubscriptionId and another order.',
    { clientId },
  );
}

/** `GET /api/v1/marketplace/subscriptions/{externalSubscriptionId}`. Another client's subscription is not found. */
export function readSubscription(store: SubscriptionStore): RequestHandler {
  return async (request) => {
    const caller = callerOf(request);
    if (!caller.ok) return caller;
    const { client_id: clientId } = caller.value;
    const externalSubscriptionId = request.pathParameters['externalSubscriptionId'] ?? '';
    const subscription =
      externalSubscriptionId.length > maximumStringLength
        ? undefined
        : await store.find(clientId, externalSubscriptionId);
    if (subscription) return ok(json(200, subscriptionBody(subscription)));
    return errorResult('not_found', 'There is no subscription with this external id.', { clientId });
  };
}

const subscriptionBody = ({ subscriptionNumber, externalSubscriptionId, status }: Subscription) => ({
  subscriptionNumber,
  externalSubscriptionId,
  status,
});
