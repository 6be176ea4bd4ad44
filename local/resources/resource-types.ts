import type { CreatedResource, CreateResource, ResourceRequest } from '../template/resource.ts';
import { refOf } from '../template/stand-in.ts';
import { createApiMapping, createDomainName } from './api-mapping.ts';
import { createAuthorizer } from './authorizer.ts';
import { createTable } from './dynamodb-table.ts';
import { createApi, createIntegration, createRoute, createStage } from './http-api.ts';
import { createManagedPolicy, createPolicy, createRole } from './iam.ts';
import { createFunction } from './lambda-function.ts';
import { createPermission } from './lambda-permission.ts';
import { createAlias, createVersion } from './lambda-version.ts';
import { createLogGroup } from './log-group.ts';
import { createRotationSchedule } from './rotation-schedule.ts';
import { createSecret } from './secret.ts';
import type { StageEnvironment } from './stage-environment.ts';

type CreateInStage = (request: ResourceRequest, environment: StageEnvironment) => Promise<CreatedResource>;

/**
 * What a request depends on: the HTTP API with its stage, routes, authorizers and base path; the functions that these
 * call, with their permissions and roles; and the tables and secrets that the functions use. Resources of these types are
 * created. Those of any other type are skipped and named, and what refers to one gets a stand-in for its name or ARN.
 *
 * The same holds for a property: each type has those that are carried out, those that requests depend on but that are not
 * known locally, which end the start, and those that no request can notice. Any other one is skipped and named. A route or
 * an authorizer that refers to something that was skipped ends the start.
 */
const resourceTypes: ReadonlyMap<string, CreateInStage> = new Map<string, CreateInStage>([
  ['AWS::ApiGatewayV2::Api', createApi],
  ['AWS::ApiGatewayV2::ApiMapping', createApiMapping],
  ['AWS::ApiGatewayV2::Authorizer', createAuthorizer],
  ['AWS::ApiGatewayV2::DomainName', createDomainName],
  ['AWS::ApiGatewayV2::Integration', createIntegration],
  ['AWS::ApiGatewayV2::Route', createRoute],
  ['AWS::ApiGatewayV2::Stage', createStage],
  ['AWS::DynamoDB::GlobalTable', createTable],
  ['AWS::DynamoDB::Table', createTable],
  ['AWS::IAM::ManagedPolicy', createManagedPolicy],
  ['AWS::IAM::Policy', createPolicy],
  ['AWS::IAM::Role', createRole],
  ['AWS::Lambda::Alias', createAlias],
  ['AWS::Lambda::Function', createFunction],
  ['AWS::Lambda::Permission', createPermission],
  ['AWS::Lambda::Version', createVersion],
  ['AWS::Logs::LogGroup', createLogGroup],
  ['AWS::SecretsManager::RotationSchedule', createRotationSchedule],
  ['AWS::SecretsManager::Secret', createSecret],
]);

/** It says which constructs an app uses, and is nothing that a deployment creates. */
const metadata = 'AWS::CDK::Metadata';

/** Creates the resources of a stage, by their types. */
export function resourceCreator(environment: StageEnvironment): CreateResource {
  return async (request) => {
    const create = resourceTypes.get(request.type);
    if (create && !isPartOfSkippedApi(request, environment)) return create(request, environment);
    if (request.type !== metadata) environment.notRun.resource(request.type);
    return { ref: refOf(request.type, request.physicalName) };
  };
}

function isPartOfSkippedApi({ properties }: ResourceRequest, { apisNotRun }: StageEnvironment): boolean {
  const apiId = properties.names.includes('ApiId') ? properties.read('ApiId') : undefined;
  return typeof apiId === 'string' && apisNotRun.has(apiId);
}
