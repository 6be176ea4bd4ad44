import type { DemoClient } from './demo-credentials.ts';

interface JourneyStage {
  readonly name: string;
  readonly url: string;
  /** Whether the example API is behind the stage. */
  readonly hasExampleApi: boolean;
  readonly clients: readonly DemoClient[];
}

/** Lines to paste into a shell: the way of each demonstration partner through a stage. */
export function journey({ name, url, hasExampleApi, clients }: JourneyStage): string[] {
  return [
    `# ${name}: discovery`,
    `curl -s ${url}/.well-known/oauth-authorization-server`,
    `curl -s ${url}/.well-known/jwks.json`,
    ...(clients.length === 0 ? registration(name) : []),
    ...clients.flatMap((client) => [
      '',
      `# ${name}: ${client.name}`,
      ...clientJourney(url, client, hasExampleApi),
    ]),
  ];
}

/** Another app has partners of its own. */
const registration = (stage: string) => [
  '',
  `# ${stage}: a client of yours, and how it gets a token`,
  `npx postern client create --stage ${stage} --local --name NAME --scope SCOPE`,
];

function clientJourney(url: string, client: DemoClient, hasExampleApi: boolean): string[] {
  if (client.mageId !== undefined) return sessionJourney(url, client, client.mageId);
  return client.kind === 'sales_channel'
    ? salesChannelJourney(url, client)
    : integrationJourney(url, client, hasExampleApi);
}

function integrationJourney(url: string, client: DemoClient, hasExampleApi: boolean): string[] {
  const { clientId, clientSecret, tradingPartnerIds, scopes, defaultScopes } = client;
  const [tradingPartnerId] = tradingPartnerIds ?? [];
  const scope = (tradingPartnerId === undefined ? defaultScopes : scopes).join(' ');
  const requestToken =
    `curl -s -u '${clientId}:${clientSecret ?? ''}' -d grant_type=client_credentials ` +
    `--data-urlencode 'scope=${scope}' ${url}/oauth/token`;
  if (tradingPartnerId === undefined || !hasExampleApi) return [requestToken];

  const subscriptions = `${url}/api/v1/marketplace/subscriptions`;
  return [
    `TOKEN=$(${requestToken} | ${pick('access_token')})`,
    `curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' ` +
      `-d '${JSON.stringify({ ...subscription, tradingPartnerId })}' ${subscriptions}`,
    `curl -s -H "Authorization: Bearer $TOKEN" ${subscriptions}/${subscription.externalSubscriptionId}`,
  ];
}

function sessionJourney(url: string, { clientId, clientSecret }: DemoClient, mageId: string): string[] {
  return [
    `UST=$(curl -s -u '${clientId}:${clientSecret ?? ''}' -H 'Content-Type: application/json' ` +
      `-d '{"grant_type":"session","expires_in":7200}' ${url}/rest/v1/app/session/token | ${pick('ust')})`,
    `curl -s -H "Authorization: Bearer $UST" ${url}/rest/v1/users/${mageId}`,
  ];
}

function salesChannelJourney(url: string, { clientId }: DemoClient): string[] {
  const body = { grant_type: 'client_credentials', client_id: clientId, scope: 'market:id:xYZkjABcde' };
  return [`curl -s -H 'Content-Type: application/json' -d '${JSON.stringify(body)}' ${url}/oauth/token`];
}

/** Node.js is there, which `jq` may not be. */
function pick(member: string): string {
  return `node -p 'JSON.parse(require("fs").readFileSync(0)).${member}'`;
}

const subscription = {
  externalSubscriptionId: 'sub-1001',
  customer: {
    company: { name: 'Example GmbH' },
    contact: { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
    address: { country: 'DE' },
  },
  orderLines: [{ quantity: 5, productId: 'premium' }],
};
