import * as v from 'valibot';
import { httpApi } from '../api-gateway/http-api.ts';
import type { HttpApi } from '../api-gateway/http-api.ts';
import { responseMapping } from '../api-gateway/response-parameters.ts';
import { LocalFailure } from '../failure.ts';
import { stableId } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { parseProperties } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const Tags = v.optional(v.record(v.string(), v.string()));

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

const Api = v.strictObject({
  Name: v.string(),
  Description: v.optional(v.string()),
  ProtocolType: v.literal('HTTP'),
  CorsConfiguration: v.optional(CorsConfiguration),
  Tags,
});

const Stage = v.strictObject({
  ApiId: v.string(),
  StageName: v.literal('$default'),
  AutoDeploy: v.literal(true),
  Description: v.optional(v.string()),
  // None of them has an effect locally: requests are not throttled, and there is no
  // CloudWatch for an access log.
  DefaultRouteSettings: v.optional(v.unknown()),
  RouteSettings: v.optional(v.unknown()),
  AccessLogSettings: v.optional(v.unknown()),
  Tags,
});

const Integration = v.strictObject({
  ApiId: v.string(),
  IntegrationType: v.literal('AWS_PROXY'),
  IntegrationUri: v.string(),
  PayloadFormatVersion: v.literal('2.0'),
  Description: v.optional(v.string()),
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
});

const Route = v.strictObject({
  ApiId: v.string(),
  RouteKey: v.string(),
  Target: v.pipe(v.string(), v.startsWith('integrations/')),
  AuthorizationType: v.optional(v.picklist(['NONE', 'JWT', 'CUSTOM']), 'NONE'),
  AuthorizerId: v.optional(v.string()),
  AuthorizationScopes: v.optional(v.array(v.string()), []),
});

/** `AWS::ApiGatewayV2::Api`: it listens from now on, and responds with 404 until it has a stage and routes. */
export async function createApi(
  { physicalName, properties }: ResourceRequest,
  { apis, functions, port, publicUrl, stageName, remapChallenges }: StageEnvironment,
): Promise<CreatedResource> {
  const { CorsConfiguration: cors } = parseProperties(Api, properties);
  if (apis.size > 0) throw new LocalFailure(`the stage ${stageName} has an API already, and one port`);
  const api = httpApi(stableId(physicalName, 10), functions.invoke, {
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
  { properties }: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const { ApiId, StageName } = parseProperties(Stage, properties);
  apiOf(environment, ApiId).deploy();
  return { ref: StageName };
}

/** `AWS::ApiGatewayV2::Integration` */
export async function createIntegration(
  { physicalName, properties }: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const { ApiId, IntegrationUri, ResponseParameters } = parseProperties(Integration, properties);
  const integrationId = stableId(physicalName, 7);
  apiOf(environment, ApiId).integrations.set(integrationId, {
    functionArn: functionArnIn(IntegrationUri),
    mapResponse: ResponseParameters && responseMapping(parametersOf(ResponseParameters)),
  });
  return { ref: integrationId, attributes: { IntegrationId: integrationId } };
}

const parametersOf = <Parameter>(
  byStatus: Readonly<Record<string, { readonly ResponseParameters: readonly Parameter[] }>>,
): Record<string, readonly Parameter[]> =>
  Object.fromEntries(
    Object.entries(byStatus).map(([status, { ResponseParameters }]) => [status, ResponseParameters]),
  );

/** `AWS::ApiGatewayV2::Route` */
export async function createRoute(
  { physicalName, properties }: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const route = parseProperties(Route, properties);
  const api = apiOf(environment, route.ApiId);
  const integration = api.integrations.get(route.Target.slice('integrations/'.length));
  if (!integration) throw new LocalFailure(`the API has no ${route.Target}`);
  const authorizer =
    route.AuthorizationType === 'NONE' ? undefined : api.authorizers.get(route.AuthorizerId ?? '');
  if (route.AuthorizationType !== 'NONE' && !authorizer) {
    throw new LocalFailure(`the API has no authorizer ${route.AuthorizerId}`);
  }
  api.addRoute({ routeKey: route.RouteKey, integration, authorizer, scopes: route.AuthorizationScopes });
  return { ref: stableId(physicalName, 7) };
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
