import * as v from 'valibot';
import { createJwtAuthorizer } from '../api-gateway/jwt-authorizer.ts';
import { lambdaAuthorizer } from '../api-gateway/lambda-authorizer.ts';
import { stableId } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { apiOf, functionArnIn } from './http-api.ts';
import { parseProperties } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const Authorizer = v.variant('AuthorizerType', [
  v.strictObject({
    AuthorizerType: v.literal('JWT'),
    ApiId: v.string(),
    Name: v.string(),
    IdentitySource: v.tuple([v.string()]),
    JwtConfiguration: v.strictObject({ Issuer: v.string(), Audience: v.array(v.string()) }),
  }),
  v.strictObject({
    AuthorizerType: v.literal('REQUEST'),
    ApiId: v.string(),
    Name: v.string(),
    AuthorizerUri: v.string(),
    AuthorizerPayloadFormatVersion: v.literal('2.0'),
    EnableSimpleResponses: v.literal(true),
    IdentitySource: v.optional(v.array(v.string()), []),
    AuthorizerResultTtlInSeconds: v.optional(v.number(), 0),
  }),
]);

/** `AWS::ApiGatewayV2::Authorizer`: one for JWTs reads the issuer's discovery document now, as in AWS. */
export async function createAuthorizer(
  { physicalName, properties }: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const template = parseProperties(Authorizer, properties);
  const authorizerId = stableId(physicalName, 6);
  const api = apiOf(environment, template.ApiId);
  const authorizer =
    template.AuthorizerType === 'JWT'
      ? await createJwtAuthorizer({
          issuer: template.JwtConfiguration.Issuer,
          audience: template.JwtConfiguration.Audience,
          identitySource: template.IdentitySource[0],
          locate: (url) => api.locate(url),
        })
      : lambdaAuthorizer({
          authorizerId,
          apiId: template.ApiId,
          functionArn: functionArnIn(template.AuthorizerUri),
          invoke: environment.functions.invoke,
          identitySources: template.IdentitySource,
          resultTtlSeconds: template.AuthorizerResultTtlInSeconds,
        });
  api.authorizers.set(authorizerId, authorizer);
  return { ref: authorizerId, attributes: { AuthorizerId: authorizerId } };
}
