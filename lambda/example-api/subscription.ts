import * as v from 'valibot';

/** Maximum length of each string of an order in characters. */
export const maximumStringLength = 200;

const string = v.pipe(
  v.string('must be a string'),
  v.minLength(1, 'must not be empty'),
  v.maxLength(maximumStringLength, `must have ${maximumStringLength} characters at most`),
);

/** What a partner orders. */
export const Order = v.object(
  {
    externalSubscriptionId: string,
    tradingPartnerId: string,
    customer: v.object(
      {
        company: v.object({ name: string }, 'must be an object'),
        contact: v.object(
          {
            firstName: string,
            lastName: string,
            email: v.pipe(string, v.email('must be an e-mail address')),
          },
          'must be an object',
        ),
        address: v.object({ country: string }, 'must be an object'),
      },
      'must be an object',
    ),
    orderLines: v.pipe(
      v.array(
        v.object(
          {
            quantity: v.pipe(
              v.number('must be a number'),
              v.integer('must be a whole number'),
              v.minValue(1, 'must be 1 or more'),
            ),
            productId: string,
          },
          'must be an object',
        ),
        'must be an array',
      ),
      v.minLength(1, 'must not be empty'),
    ),
  },
  'must be an object',
);
export type Order = v.InferOutput<typeof Order>;

export const Subscription = v.object({
  subscriptionNumber: v.string(),
  externalSubscriptionId: v.string(),
  status: v.picklist(['Creating', 'Created', 'Failed', 'Provisioned']),
  /** SHA-256 of the order, base64url, which identifies a repeated order. */
  orderHash: v.string(),
});
export type Subscription = v.InferOutput<typeof Subscription>;
