import { Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { itemKinds } from '../src/storage/item-kinds.ts';
import type { AuthorizationServer } from './constructs/authorization-server.ts';
import { anyToken, LambdaAuthorizer } from './constructs/lambda-authorizer.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { allowItems, allowSecret } from './constructs/statements.ts';
import type { StageRecord } from './stages.ts';

interface AccountApiStackProps {
  readonly record: StageRecord;
  readonly server: AuthorizationServer;
}

const accountPath = '/rest/v1/users/{mage_id}';
// EQP has package keys at …/keys.
const sessionKeysPath = `${accountPath}/access-keys`;

const profileRoutes = [
  { id: 'Profile', method: HttpMethod.GET, path: accountPath },
  { id: 'HeadProfile', method: HttpMethod.HEAD, path: accountPath },
];
const sessionKeyRoutes = [
  { id: 'ListSessionKeys', method: HttpMethod.GET, path: sessionKeysPath },
  { id: 'HeadSessionKeys', method: HttpMethod.HEAD, path: sessionKeysPath },
  { id: 'CreateSessionKey', method: HttpMethod.POST, path: sessionKeysPath },
  // The id of the key is in the path, or else in the body or the query.
  { id: 'UpdateSessionKey', method: HttpMethod.PUT, path: `${sessionKeysPath}/{application_id}` },
  { id: 'UpdateNamedSessionKey', method: HttpMethod.PUT, path: sessionKeysPath },
  { id: 'DeleteSessionKey', method: HttpMethod.DELETE, path: `${sessionKeysPath}/{application_id}` },
  { id: 'DeleteNamedSessionKey', method: HttpMethod.DELETE, path: sessionKeysPath },
];

/** What the holder of a session does with the account that the session acts for, as EQP has it. */
export class AccountApiStack extends Stack {
  constructor(scope: Construct, id: string, { record, server }: AccountApiStackProps) {
    super(scope, id, { terminationProtection: record.retain });
    const { client, account, subject } = itemKinds;
    const { storage } = server;

    const profile = new NodeFunction(this, 'AccountProfile', {
      settings: record,
      folder: 'account-profile',
      description: 'Profile of an account, for its holder',
      environment: {
        STAGE: record.name,
        RESTORE_CHALLENGES: String(record.restoreChallenges),
        CLIENTS_TABLE: storage.clients.tableName,
      },
      statements: [allowItems(storage, ['GetItem'], account)],
    });
    const sessionKeys = new NodeFunction(this, 'SessionKeys', {
      settings: record,
      folder: 'session-keys',
      description: 'Session keys of an account, for its holder',
      environment: {
        STAGE: record.name,
        TOKEN_POLICY: JSON.stringify(record.tokens),
        RESTORE_CHALLENGES: String(record.restoreChallenges),
        CLIENTS_TABLE: storage.clients.tableName,
        HASH_KEY_SECRET: storage.hashKey.secretArn,
      },
      statements: [
        allowItems(storage, ['GetItem'], account, client),
        allowItems(storage, ['PutItem', 'DeleteItem'], client),
        allowItems(storage, ['PutItem'], subject),
        allowItems(storage, ['UpdateItem'], account),
        allowSecret(storage.hashKey, 'GetSecretValue'),
      ],
    });

    // Imported, so that the authorizer belongs to this stack and can be created after the stack of the API.
    const httpApi = HttpApi.fromHttpApiAttributes(this, 'Api', { httpApiId: server.api.apiId });
    const authorizer = new LambdaAuthorizer(this, 'TokenAuthorizer', {
      server,
      // Only sessions have an account, and they have no scopes.
      scopes: Object.fromEntries(
        [...profileRoutes, ...sessionKeyRoutes].map(({ method, path }) => [`${method} ${path}`, anyToken]),
      ),
      denials: 'integration',
    });
    const integrations = [
      { integration: new HttpLambdaIntegration('AccountProfile', profile), routes: profileRoutes },
      { integration: new HttpLambdaIntegration('SessionKeys', sessionKeys), routes: sessionKeyRoutes },
    ];
    for (const { integration, routes } of integrations) {
      for (const { id: routeId, method, path } of routes) {
        const routeKey = HttpRouteKey.with(path, method);
        new HttpRoute(this, routeId, { httpApi, routeKey, integration, authorizer });
      }
    }
  }
}
