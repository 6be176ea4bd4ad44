import * as v from 'valibot';
import type { Authorizer } from '../api-gateway/authorizer.ts';
import { createJwtAuthorizer } from '../api-gateway/jwt-authorizer.ts';
import { lambdaAuthorizer } from '../api-gateway/lambda-authorizer.ts';
import { stableId } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { apiOf, functionArnIn, responseInsteadOf } from './http-api.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const jwt = {
  run: {
    ApiId: v.string(),
    AuthorizerType: v.literal('JWT'),
    IdentitySource: v.tuple([v.string()]),
    JwtConfiguration: v.strictObject({ Issuer: v.string(), Audience: v.array(v.string()) }),
  },
  withoutEffect: ['Name'],
} satisfies PropertyRule<v.ObjectEntries>;

const lambda = {
  run: {
    ApiId: v.string(),
    AuthorizerType: v.literal('REQUEST'),
    AuthorizerUri: v.string(),
    AuthorizerPayloadFormatVersion: v.literal('2.0'),
    EnableSimpleResponses: v.literal(true),
    IdentitySource: v.optional(v.array(v.string()), []),
    AuthorizerResultTtlInSeconds: v.optional(v.number(), 0),
  },
  refused: ['AuthorizerCredentialsArn', 'IdentityValidationExpression'],
  withoutEffect: ['Name'],
} satisfies PropertyRule<v.ObjectEntries>;

/** `AWS::ApiGatewayV2::Authorizer`: one for JWTs reads the issuer's discovery document now, as in AWS. */
export async function createAuthorizer(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const authorizerId = stableId(request.physicalName, 6);
  const isJwt = request.properties.read('AuthorizerType') === 'JWT';
  await (isJwt ? addJwtAuthorizer : addLambdaAuthorizer)(authorizerId, request, environment);
  return { ref: authorizerId, attributes: { AuthorizerId: authorizerId } };
}

async function addJwtAuthorizer(
  authorizerId: string,
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<void> {
  const template = readProperties(jwt, request, environment.notRun);
  const api = apiOf(environment, template.ApiId);
  const authorizer = await createJwtAuthorizer({
    issuer: template.JwtConfiguration.Issuer,
    audience: template.JwtConfiguration.Audience,
    identitySource: template.IdentitySource[0],
    locate: (url) => api.locate(url),
  });
  api.authorizers.set(authorizerId, authorizer);
}

async function addLambdaAuthorizer(
  authorizerId: string,
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<void> {
  const template = readProperties(lambda, request, environment.notRun);
  const functionArn = functionArnIn(template.AuthorizerUri);
  const response = responseInsteadOf(functionArn, environment);
  const authorizer: Authorizer = response
    ? { authorize: async () => ({ allowed: false, response }) }
    : lambdaAuthorizer({
        authorizerId,
        apiId: template.ApiId,
        functionArn,
        invoke: environment.functions.invoke,
        identitySources: template.IdentitySource,
        resultTtlSeconds: template.AuthorizerResultTtlInSeconds,
      });
  apiOf(environment, template.ApiId).authorizers.set(authorizerId, authorizer);
}
