/**
 * A partner's program: a token with a client id and secret, and a call with it.
 *
 *     URL=… CLIENT_ID=… CLIENT_SECRET=… npx tsx examples/client-credentials.ts
 */
import * as client from 'openid-client';

const { URL: url = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = process.env;

const config = await client.discovery(
  new URL(url),
  clientId,
  undefined,
  client.ClientSecretBasic(clientSecret),
  {
    algorithm: 'oauth2',
    // Only for the stages of `npm start`: a deployed stage has HTTPS.
    execute: url.startsWith('http://127.0.0.1:') ? [client.allowInsecureRequests] : [],
  },
);
const { access_token } = await client.clientCredentialsGrant(config, { scope: 'marketplace.order:read' });

const subscription = new URL('/api/v1/marketplace/subscriptions/sub-1', url);
const response = await client.fetchProtectedResource(config, access_token, subscription, 'GET');
console.log(response.status, await response.text());
