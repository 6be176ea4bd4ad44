/** A valid order of the example API, with changes. */
export const order = (externalSubscriptionId: string, changes: object = {}) => ({
  externalSubscriptionId,
  tradingPartnerId: 'partner-1',
  customer: {
    company: { name: 'Example GmbH' },
    contact: { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
    address: { country: 'DE' },
  },
  orderLines: [{ quantity: 5, productId: 'premium' }],
  ...changes,
});
