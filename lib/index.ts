/** The library: what a CDK app of yours imports. */
export { AuthStage } from './auth-stage.ts';
export { AuthorizationServer } from './constructs/authorization-server.ts';
export type {
  AuthorizationServerProps,
  AuthorizationServerSettings,
  IAuthorizationServer,
  TokenEnvironment,
} from './constructs/authorization-server.ts';
export { DeployedAuthorizationServer } from './constructs/deployed-server.ts';
export type { DeployedAuthorizationServerProps } from './constructs/deployed-server.ts';
export { JwtAuthorizer } from './constructs/jwt-authorizer.ts';
export { anyToken, LambdaAuthorizer } from './constructs/lambda-authorizer.ts';
export type { ServerStorage } from './constructs/server-storage.ts';
export { commercelayer, stages } from './stages.ts';
export type { MonitoringThresholds, RefusalThresholds } from './constructs/monitoring-thresholds.ts';
export type {
  HashKeyProtection,
  ReservedConcurrency,
  StageDomain,
  StageMonitoringSettings,
  StageRecord,
  StageVpc,
  Throttle,
  Throttles,
} from './stages.ts';
export { StatefulStack } from './stateful-stack.ts';
