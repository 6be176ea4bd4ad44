import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { IAuthorizationServer, TokenEnvironment } from './authorization-server.ts';
import type { FunctionSettings } from './node-function.ts';
import type { StorageTable } from './server-storage.ts';

/** What a stage publishes of its server, by the ends of the names of SSM parameters. They are a contract. */
const published: Readonly<Record<string, (server: IAuthorizationServer) => string>> = {
  'clients-table': ({ storage }) => storage.clients.tableName,
  'clients-table-arn': ({ storage }) => storage.clients.tableArn,
  'sessions-table': ({ storage }) => storage.sessions.tableName,
  'sessions-table-arn': ({ storage }) => storage.sessions.tableArn,
  'hash-key-arn': ({ storage }) => storage.hashKey.secretArn,
  stage: ({ tokenEnvironment }) => tokenEnvironment.STAGE,
  issuer: ({ tokenEnvironment }) => tokenEnvironment.ISSUER,
  audience: ({ tokenEnvironment }) => tokenEnvironment.AUDIENCE,
  'access-token-type': ({ tokenEnvironment }) => tokenEnvironment.ACCESS_TOKEN_TYPE,
  'dpop-nonces': ({ tokenEnvironment }) => tokenEnvironment.DPOP_NONCES,
};

/** The id of the stage is in the name, so that a second installation in the account has other parameters. */
const parameterName = (stageId: string, end: string) => `/${stageId}/${end}`;

/** Writes the SSM parameters that `DeployedAuthorizationServer` reads. None is a secret. */
export class ServerParameters extends Construct {
  constructor(scope: Construct, id: string, props: { server: IAuthorizationServer; stageId: string }) {
    super(scope, id);
    for (const [end, valueOf] of Object.entries(published)) {
      new StringParameter(this, end, {
        parameterName: parameterName(props.stageId, end),
        stringValue: valueOf(props.server),
      });
    }
  }
}

export interface DeployedAuthorizationServerProps {
  /** The `id` of its stage, such as `Postern-Production`, which is deployed in the same account and region. */
  readonly stage: string;
  /** Settings of the functions of authorizers. */
  readonly functions?: Partial<FunctionSettings>;
}

/**
 * The authorization server of a stage that is deployed by another stack, app or repository, for the authorizers of this
 * one. CloudFormation reads what it needs from SSM parameters whenever this stack is deployed.
 *
 * ```ts
 * const server = new DeployedAuthorizationServer(this, 'Server', { stage: 'Postern-Production' });
 * const authorizer = new LambdaAuthorizer(this, 'Tokens', { server, scopes: { 'GET /orders': 'orders:read' } });
 * ```
 */
export class DeployedAuthorizationServer extends Construct implements IAuthorizationServer {
  readonly functionSettings: FunctionSettings;
  readonly authorizerCacheSeconds = 0;
  readonly storage: IAuthorizationServer['storage'];
  readonly tokenEnvironment: TokenEnvironment;

  constructor(scope: Construct, id: string, { stage, functions }: DeployedAuthorizationServerProps) {
    super(scope, id);
    this.functionSettings = { name: stage, logRetentionDays: 30, retain: false, ...functions };
    const valueOf = (end: string) => StringParameter.valueForStringParameter(this, parameterName(stage, end));
    const table = (name: string): StorageTable => ({
      tableName: valueOf(name),
      tableArn: valueOf(`${name}-arn`),
    });
    this.storage = {
      clients: table('clients-table'),
      sessions: table('sessions-table'),
      hashKey: { secretArn: valueOf('hash-key-arn') },
    };
    this.tokenEnvironment = {
      STAGE: valueOf('stage'),
      ISSUER: valueOf('issuer'),
      AUDIENCE: valueOf('audience'),
      ACCESS_TOKEN_TYPE: valueOf('access-token-type'),
      DPOP_NONCES: valueOf('dpop-nonces'),
    };
  }
}
