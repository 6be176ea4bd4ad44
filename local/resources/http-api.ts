import * as v from 'valibot';
import { httpApi } from '../api-gateway/http-api.ts';
import type { HttpApi } from '../api-gateway/http-api.ts';
import { responseMapping } from '../api-gateway/response-parameters.ts';
import { runtimeNotHere } from '../api-gateway/response.ts';
import type { GatewayResponse } from '../api-gateway/response.ts';
import { LocalFailure } from '../failure.ts';
import { stableId } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const strings = v.optional(v.array(v.string()), []);

/** The forms of `AllowOrigins` that API Gateway documents. */
const AllowedOrigin = v.pipe(
  v.string(),
  v.check(
    (origin) => origin === '*' || /^https?:\/\/(?:\*|[^/*]+)$/.test(origin),
    'must be *, https://*, http://* or an origin such as https://shop.example.com',
  ),
);

const CorsConfiguration = v.pipe(
  v.strictObject({
    AllowCredentials: v.optional(v.boolean(), false),
    AllowHeaders: strings,
    AllowMethods: strings,
    AllowOrigins: v.optional(v.array(AllowedOrigin), []),
    ExposeHeaders: strings,
    MaxAge: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-1), v.maxValue(86_400))),
  }),
  v.check(
    ({ AllowCredentials, AllowOrigins }) => !AllowCredentials || !AllowOrigins.includes('*'),
    'credentials cannot be allowed for the origin *',
  ),
);

const httpProtocol = {
  run: { ProtocolType: v.literal('HTTP'), CorsConfiguration: v.optional(CorsConfiguration) },
  // Routes that come from an OpenAPI document or from the API itself.
  refused: ['BasePath', 'Body', 'BodyS3Location', 'CredentialsArn', 'RouteKey', 'Target'],
  withoutEffect: [
    'ApiKeySelectionExpression',
    'Description',
    // The API's own URL is the only one there is.
    'DisableExecuteApiEndpoint',
    'DisableSchemaValidation',
    'FailOnWarnings',
    'IpAddressType',
    'Name',
    // An HTTP API has one value of it.
    'RouteSelectionExpression',
    'Tags',
    'Version',
  ],
} satisfies PropertyRule<v.ObjectEntries>;

const stage = {
  run: { ApiId: v.string(), StageName: v.literal('$default'), AutoDeploy: v.optional(v.boolean(), false) },
  refused: ['ClientCertificateId', 'StageVariables'],
  // Requests are not throttled, and there is no CloudWatch for an access log.
  withoutEffect: [
    'AccessLogSettings',
    'AccessPolicyId',
    'DefaultRouteSettings',
    'DeploymentId',
    'Description',
    'RouteSettings',
    'Tags',
  ],
} satisfies PropertyRule<v.ObjectEntries>;

const integration = {
  run: {
    ApiId: v.string(),
    IntegrationType: v.literal('AWS_PROXY'),
    IntegrationUri: v.string(),
    PayloadFormatVersion: v.literal('2.0'),
    /** By the status of the integration's response. */
    ResponseParameters: v.optional(
      v.record(
        v.pipe(v.string(), v.regex(/^[2-5]\d\d$/, 'must be by status codes from 200 to 599')),
        v.strictObject({
          ResponseParameters: v.array(
            v.pipe(
              v.strictObject({ Destination: v.string(), Source: v.optional(v.string(), '') }),
              v.transform(({ Destination, Source }) => ({ destination: Destination, source: Source })),
            ),
          ),
        }),
      ),
    ),
  },
  refused: [
    'ConnectionId',
    'CredentialsArn',
    'IntegrationSubtype',
    'RequestParameters',
    'RequestTemplates',
    'TemplateSelectionExpression',
    'TlsConfig',
  ],
  // A function is called by POST, over the internet, whatever they say; and ends by its own timeout.
  withoutEffect: [
    'ConnectionType',
    'ContentHandlingStrategy',
    'Description',
    'IntegrationMethod',
    'PassthroughBehavior',
    'TimeoutInMillis',
  ],
} satisfies PropertyRule<v.ObjectEntries>;

const route = {
  run: {
    ApiId: v.string(),
    RouteKey: v.string(),
    Target: v.pipe(v.string(), v.startsWith('integrations/')),
    AuthorizationType: v.optional(v.picklist(['NONE', 'JWT', 'CUSTOM']), 'NONE'),
    AuthorizerId: v.optional(v.string()),
    AuthorizationScopes: v.optional(v.array(v.string()), []),
  },
  refused: ['RequestParameters'],
  // WebSocket APIs alone have the others.
  withoutEffect: [
    'ApiKeyRequired',
    'ModelSelectionExpression',
    'OperationName',
    'RequestModels',
    'RouteResponseSelectionExpression',
  ],
} satisfies PropertyRule<v.ObjectEntries>;

/** `AWS::ApiGatewayV2::Api`: it listens from now on, and responds with 404 until it has a stage and routes. */
export async function createApi(
  request: ResourceRequest,
  { apis, apisNotRun, functions, notRun, port, publicUrl, stageName, remapChallenges }: StageEnvironment,
): Promise<CreatedResource> {
  const id = stableId(request.physicalName, 10);
  if (request.properties.read('ProtocolType') === 'WEBSOCKET') {
    // No request over HTTP depends on it, nor on its parts.
    apisNotRun.add(id);
    notRun.resource(`${request.type} of WebSocket`);
    return { ref: id };
  }
  const { CorsConfiguration: cors } = readProperties(httpProtocol, request, notRun);
  if (apis.size > 0) throw new LocalFailure(`the stage ${stageName} has an API already, and one port`);
  const api = httpApi(id, functions.invoke, {
    cors: cors && {
      allowOrigins: cors.AllowOrigins,
      allowMethods: cors.AllowMethods,
      allowHeaders: cors.AllowHeaders,
      exposeHeaders: cors.ExposeHeaders,
      maxAge: cors.MaxAge,
      allowCredentials: cors.AllowCredentials,
    },
    remapChallenges,
    publicUrl,
  });
  await api.listen(port);
  apis.set(api.id, api);
  return { ref: api.id, attributes: { ApiId: api.id, ApiEndpoint: api.endpoint } };
}

/** `AWS::ApiGatewayV2::Stage` */
export async function createStage(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const { ApiId, StageName, AutoDeploy } = readProperties(stage, request, environment.notRun);
  if (!AutoDeploy && !request.properties.names.includes('DeploymentId')) {
    throw new LocalFailure('the stage deploys no route: it has neither AutoDeploy nor DeploymentId');
  }
  apiOf(environment, ApiId).deploy();
  return { ref: StageName };
}

/** `AWS::ApiGatewayV2::Integration` */
export async function createIntegration(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const template = readProperties(integration, request, environment.notRun);
  const { ApiId, IntegrationUri, ResponseParameters } = template;
  const integrationId = stableId(request.physicalName, 7);
  const functionArn = functionArnIn(IntegrationUri);
  const unavailable = responseInsteadOf(functionArn, environment);
  apiOf(environment, ApiId).integrations.set(
    integrationId,
    unavailable
      ? { unavailable }
      : {
          functionArn,
          mapResponse: ResponseParameters && responseMapping(parametersOf(ResponseParameters)),
        },
  );
  return { ref: integrationId, attributes: { IntegrationId: integrationId } };
}

/**
 * The response of requests that depend on a function whose runtime is not on this machine; none for a function that runs.
 * Fails if there is no such function, or its code does not run.
 */
export function responseInsteadOf(
  functionArn: string,
  { functions }: StageEnvironment,
): GatewayResponse | undefined {
  if (!functions.has(functionArn)) throw new LocalFailure(`${functionArn} is no function of this app`);
  functions.need(functionArn);
  const obstacle = functions.obstacleOf(functionArn);
  if (!obstacle) return undefined;
  const functionName = functionArn.replace(/^.*:function:/, '');
  if (obstacle.kind === 'runtime') return runtimeNotHere(functionName, obstacle.reason);
  throw new LocalFailure(`the function ${functionName} does not run: ${obstacle.reason}`);
}

const parametersOf = <Parameter>(
  byStatus: Readonly<Record<string, { readonly ResponseParameters: readonly Parameter[] }>>,
): Record<string, readonly Parameter[]> =>
  Object.fromEntries(
    Object.entries(byStatus).map(([status, { ResponseParameters }]) => [status, ResponseParameters]),
  );

/** `AWS::ApiGatewayV2::Route` */
export async function createRoute(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const template = readProperties(route, request, environment.notRun);
  const { AuthorizationType, AuthorizerId, AuthorizationScopes } = template;
  const api = apiOf(environment, template.ApiId);
  const target = api.integrations.get(template.Target.slice('integrations/'.length));
  if (!target) throw new LocalFailure(`the API has no ${template.Target}`);
  const authorizer = AuthorizationType === 'NONE' ? undefined : api.authorizers.get(AuthorizerId ?? '');
  if (AuthorizationType !== 'NONE' && !authorizer) {
    throw new LocalFailure(`the API has no authorizer ${AuthorizerId}`);
  }
  api.addRoute({
    routeKey: template.RouteKey,
    integration: target,
    authorizer,
    scopes: AuthorizationScopes,
  });
  return { ref: stableId(request.physicalName, 7) };
}

export function apiOf({ apis }: StageEnvironment, apiId: string): HttpApi {
  const api = apis.get(apiId);
  if (api) return api;
  throw new LocalFailure(`there is no API ${apiId}`);
}

/** A function's ARN by itself, or within the URI by which API Gateway invokes it. */
export function functionArnIn(uri: string): string {
  return /functions\/(arn:[^/]+)\/invocations$/.exec(uri)?.[1] ?? uri;
}
