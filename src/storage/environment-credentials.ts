import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * The default provider of the AWS SDK in a bundle: Lambda puts the credentials of a function's role into its environment.
 * The SDK's own has those for laptops, servers and containers, which are a third of a bundle.
 */
export const defaultProvider = (init?: Parameters<typeof fromEnv>[0]) => fromEnv(init);
