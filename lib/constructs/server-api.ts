import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CfnApi,
  CfnRoute,
  CfnStage,
  HttpApi,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Construct } from 'constructs';
import type { StageRecord, Throttle } from '../stages.ts';
import { corsOf } from './cors.ts';
import { PublicDomain } from './public-domain.ts';
import { StageLogGroup } from './stage-log-group.ts';
import type { LogSettings } from './stage-log-group.ts';

type ServerApiSettings = LogSettings & Pick<StageRecord, 'name' | 'cors' | 'domain' | 'throttles'>;

/** One JSON line for each request, without headers, query and body, any of which may contain a credential. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    time: '$context.requestTime',
    ip: '$context.identity.sourceIp',
    routeKey: '$context.routeKey',
    status: '$context.status',
    responseLength: '$context.responseLength',
    latency: '$context.responseLatency',
    integrationLatency: '$context.integrationLatency',
    integrationError: '$context.integrationErrorMessage',
    error: '$context.error.message',
    // As the Lambda authorizer states it, and as API Gateway's own reads it in a JWT
    clientId: '$context.authorizer.client_id',
    jwtClientId: '$context.authorizer.claims.client_id',
    authorizerError: '$context.authorizer.error',
    userAgent: '$context.identity.userAgent',
  }),
);

/** The routes of a group, and its limits if it has its own. */
type ThrottleGroup = readonly [readonly HttpRoute[], Throttle | undefined];

/** The HTTP API of an authorization server that is given none. */
export class ServerApi extends HttpApi {
  /** The API's own URL, which the CDK does not tell where it is switched off. */
  readonly executeApiUrl: string;
  private readonly settings: ServerApiSettings;

  constructor(scope: Construct, id: string, settings: ServerApiSettings) {
    const { name, domain } = settings;
    const corsPreflight = corsOf(settings);
    super(scope, id, {
      apiName: `postern-${name}`,
      description: `Postern ${name}: tokens, and the API behind them`,
      createDefaultStage: false,
      ...(domain?.disableExecuteApiEndpoint === true && { disableExecuteApiEndpoint: true }),
      ...(corsPreflight && { corsPreflight }),
    });
    const { defaultChild: resource, path } = this.node;
    if (!(resource instanceof CfnApi)) throw new Error(`${path} is no API`);
    this.executeApiUrl = resource.attrApiEndpoint;
    this.settings = settings;
  }

  /** Creates the stage, with throttles and access log, and the domain that is mapped to it. */
  serve(groups: readonly ThrottleGroup[]): void {
    const { domain, throttles } = this.settings;
    const accessLogs = new StageLogGroup(this, 'AccessLogs', this.settings, 'access');
    const stage = new HttpStage(this, 'DefaultStage', {
      httpApi: this,
      stageName: '$default',
      autoDeploy: true,
      throttle: throttles.default,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLogs), format: accessLogFormat },
    });
    throttleGroups(stage, groups);
    if (domain) new PublicDomain(this, 'Domain', { domain, api: this, stage });
  }
}

/**
 * Gives the routes of each group their own limits. API Gateway knows a route by its key, and refuses settings of a route
 * that does not exist yet.
 */
function throttleGroups({ node }: HttpStage, groups: readonly ThrottleGroup[]): void {
  const { defaultChild: stage, path } = node;
  if (!(stage instanceof CfnStage)) throw new Error(`${path} is no stage`);
  const settings = groups.flatMap(([routes, throttle]) =>
    throttle === undefined ? [] : routes.map((route) => [resourceOf(route), throttle] as const),
  );
  if (settings.length === 0) return;
  for (const [route] of settings) stage.addResourceDependency(route);
  stage.routeSettings = Object.fromEntries(
    settings.map(([{ routeKey }, { rateLimit, burstLimit }]) => [
      routeKey,
      { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit },
    ]),
  );
}

function resourceOf({ node: { defaultChild, path } }: HttpRoute): CfnRoute {
  if (defaultChild instanceof CfnRoute) return defaultChild;
  throw new Error(`${path} has no route`);
}
