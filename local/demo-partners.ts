import { randomBytes, randomInt } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { registerAccount } from '../src/clients/account-registration.ts';
import { registerClient } from '../src/clients/client-registration.ts';
import { systemClock } from '../src/clock.ts';
import { dynamodbAccountStore } from '../src/storage/account-store.ts';
import { dynamodbClientStore } from '../src/storage/client-store.ts';
import { readHashKeys } from '../src/storage/secrets.ts';
import { dynamodbSubjectStore } from '../src/storage/subject-store.ts';
import type { DemoClient, DemoCredentials } from './demo-credentials.ts';
import { LocalFailure } from './failure.ts';

/** The partners that a stage starts with, one for each way to get a token that real marketplaces use. */
const partners: readonly (() => DemoClient)[] = [
  () => ({
    name: 'GitLab-style integration',
    kind: 'integration',
    clientId: randomBytes(16).toString('hex'),
    clientSecret: randomBytes(32).toString('hex'),
    tradingPartnerIds: ['partner-1', 'partner-2'],
    scopes: ['marketplace.order:read', 'marketplace.order:create'],
    defaultScopes: ['marketplace.order:read'],
  }),
  () => ({
    name: 'EQP-style account',
    kind: 'integration',
    clientId: `AQ${randomBytes(4).toString('hex').toUpperCase()}`,
    clientSecret: randomBytes(20).toString('hex'),
    mageId: `MAG${String(randomInt(1e9)).padStart(9, '0')}`,
    scopes: [],
    defaultScopes: [],
  }),
  () => ({
    name: 'Sales channel',
    kind: 'sales_channel',
    clientId: randomBytes(16).toString('hex'),
    scopes: ['market:*', 'store:*', 'stock_location:*'],
    defaultScopes: [],
  }),
  () => ({
    name: 'Commerce Layer-style integration',
    kind: 'integration',
    clientId: randomBytes(16).toString('hex'),
    clientSecret: randomBytes(32).toString('hex'),
    scopes: ['market:*', 'store:*', 'stock_location:*'],
    defaultScopes: ['market:all'],
  }),
];

/** Credentials for each partner of each stage: those that `known` has, and new ones for the others. */
export function demoCredentials(stages: readonly string[], known: DemoCredentials): DemoCredentials {
  const clientsOf = (stage: string) =>
    partners.map((make) => {
      const made = make();
      return known[stage]?.find(({ name }) => name === made.name) ?? made;
    });
  return Object.fromEntries(stages.map((stage) => [stage, clientsOf(stage)]));
}

interface DemoStage {
  readonly name: string;
  readonly outputs: Readonly<Record<string, string>>;
}

interface DemoServices {
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
}

/** Makes sure that the partners of a stage are registered; those that are there already stay as they are. */
export async function registerDemoPartners(
  { name: stage, outputs }: DemoStage,
  { dynamodb, secretsManager }: DemoServices,
  clients: readonly DemoClient[],
): Promise<void> {
  const { ClientsTable, HashKeySecret } = outputs;
  if (ClientsTable === undefined || HashKeySecret === undefined) {
    throw new LocalFailure(`The stacks of ${stage} have no outputs ClientsTable and HashKeySecret`);
  }
  const keys = readHashKeys(secretsManager, HashKeySecret);
  const context = {
    clients: dynamodbClientStore(dynamodb, ClientsTable),
    accounts: dynamodbAccountStore(dynamodb, ClientsTable),
    subjects: dynamodbSubjectStore(dynamodb, ClientsTable),
    secretHashKey: async () => (await keys()).clientSecret,
    clock: systemClock,
  };
  for (const client of clients) {
    if (await context.clients.findNow(client.clientId)) continue;
    const { mageId, tradingPartnerIds } = client;
    if (mageId !== undefined && !(await context.accounts.find(mageId))) {
      const person = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com', screenName: 'ada' };
      await registerAccount({ ...person, mageId }, context);
    }
    const registered = await registerClient(
      {
        name: client.name,
        kind: client.kind,
        clientId: client.clientId,
        ...(client.clientSecret !== undefined && { secret: client.clientSecret }),
        ...(mageId !== undefined && { account: mageId }),
        scopes: client.scopes,
        defaultScopes: client.defaultScopes,
        claims: tradingPartnerIds ? { trading_partner_ids: tradingPartnerIds.join(' ') } : {},
      },
      context,
    );
    if (!registered.ok) {
      const { field, problem } = registered.error;
      throw new LocalFailure(`${client.name} in ${stage}: ${field} ${problem}`);
    }
  }
}
