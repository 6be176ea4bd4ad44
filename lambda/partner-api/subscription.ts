import * as v from 'valibot';

/** Characters of each text of an order. */
export const maximumTextLength = 200;

const text = v.pipe(
  v.string('must be a string'),
  v.minLength(1, 'must not be empty'),
  v.maxLength(maximumTextLength, `must have ${maximumTextLength} characters at most`),
);

/** What a partner orders. */
export const Order = v.object(
  {
    externalSubscriptionId: text,
    tradingPartnerId: text,
    customer: v.object(
      {
        company: v.object({ name: text }, 'must be an object'),
        contact: v.object(
          { firstName: text, lastName: text, email: v.pipe(text, v.email('must be an e-mail address')) },
          'must be an object',
        ),
        address: v.object({ country: text }, 'must be an object'),
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
            productId: text,
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
  /** SHA-256 of the order, base64url: whether the same order comes again. */
  orderHash: v.string(),
});
export type Subscription = v.InferOutput<typeof Subscription>;
