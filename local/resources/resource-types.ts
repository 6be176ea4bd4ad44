import { LocalFailure } from '../failure.ts';
import type { CreatedResource, CreateResource, ResourceRequest } from '../template/resource.ts';
import { createAuthorizer } from './authorizer.ts';
import { createTable } from './dynamodb-table.ts';
import { createApi, createIntegration, createRoute, createStage } from './http-api.ts';
import { createPolicy, createRole } from './iam.ts';
import { createFunction } from './lambda-function.ts';
import { createPermission } from './lambda-permission.ts';
import { createLogGroup } from './log-group.ts';
import { createNothing, typesWithNothingToDo } from './nothing-to-do.ts';
import { createRotationSchedule } from './rotation-schedule.ts';
import { createSecret } from './secret.ts';
import type { StageEnvironment } from './stage-environment.ts';

type CreateInStage = (request: ResourceRequest, environment: StageEnvironment) => Promise<CreatedResource>;

const resourceTypes: ReadonlyMap<string, CreateInStage> = new Map<string, CreateInStage>([
  ['AWS::ApiGatewayV2::Api', createApi],
  ['AWS::ApiGatewayV2::Authorizer', createAuthorizer],
  ['AWS::ApiGatewayV2::Integration', createIntegration],
  ['AWS::ApiGatewayV2::Route', createRoute],
  ['AWS::ApiGatewayV2::Stage', createStage],
  ['AWS::DynamoDB::GlobalTable', createTable],
  ['AWS::DynamoDB::Table', createTable],
  ['AWS::IAM::Policy', createPolicy],
  ['AWS::IAM::Role', createRole],
  ['AWS::Lambda::Function', createFunction],
  ['AWS::Lambda::Permission', createPermission],
  ['AWS::Logs::LogGroup', createLogGroup],
  ['AWS::SecretsManager::RotationSchedule', createRotationSchedule],
  ['AWS::SecretsManager::Secret', createSecret],
  ...typesWithNothingToDo.map((type): [string, CreateInStage] => [type, createNothing]),
]);

/** Creates the resources of a stage, by their types. */
export function resourceCreator(environment: StageEnvironment): CreateResource {
  return async (request) => {
    const create = resourceTypes.get(request.type);
    if (!create) throw new LocalFailure('resources of this type cannot be created locally');
    return create(request, environment);
  };
}
