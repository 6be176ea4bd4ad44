/** What CDK apps import from `postern`. Everything else is private. */
export { AuthStage } from './auth-stage.ts';
export { JwtAuthorizer } from './constructs/jwt-authorizer.ts';
export { anyToken, LambdaAuthorizer } from './constructs/lambda-authorizer.ts';
export { stages } from './stages.ts';
export type { StageRecord } from './stages.ts';
