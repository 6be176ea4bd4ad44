import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import { arn, region } from '../identity.ts';
import type { Obstacle } from '../lambda/functions.ts';
import { localFunction } from '../lambda/local-function.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const lambdaFunction = {
  run: {
    FunctionName: v.optional(v.string()),
    Code: v.object({ S3Key: v.optional(v.string()) }),
    Handler: v.optional(v.string()),
    Runtime: v.optional(v.string()),
    Role: v.string(),
    MemorySize: v.optional(v.number(), 128),
    Timeout: v.optional(v.number(), 3),
    Environment: v.optional(v.object({ Variables: v.optional(v.record(v.string(), v.string()), {}) })),
    LoggingConfig: v.optional(v.object({ LogGroup: v.optional(v.string()) })),
  },
  withoutEffect: [
    'Architectures',
    'CodeSigningConfigArn',
    'DeadLetterConfig',
    'Description',
    'EphemeralStorage',
    'KmsKeyArn',
    'PackageType',
    'RecursiveLoop',
    'ReservedConcurrentExecutions',
    'RuntimeManagementConfig',
    'SnapStart',
    'Tags',
    'TracingConfig',
    'VpcConfig',
  ],
} satisfies PropertyRule<v.ObjectEntries>;

/**
 * `AWS::Lambda::Function`. One whose code does not run here is created all the same: whether a request depends on it is
 * known to its routes, authorizers and rotations.
 */
export async function createFunction(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const { functions, notRun, accessControl } = environment;
  const template = readProperties(lambdaFunction, request, notRun);
  const functionName = template.FunctionName ?? request.physicalName;
  const functionArn = arn('lambda', `function:${functionName}`);
  const created = { ref: functionName, attributes: { Arn: functionArn } };
  const { Runtime = 'a container image', Handler = '' } = template;
  const code = codeOf(template.Code.S3Key, Handler, Runtime, environment);
  if ('kind' in code) {
    functions.addWithObstacle(functionArn, code);
    notRun.function(functionName, code.reason);
    return created;
  }
  const roleName = template.Role.slice(template.Role.lastIndexOf('/') + 1);
  const logGroupName = template.LoggingConfig?.LogGroup ?? `/aws/lambda/${functionName}`;
  const accessKey = accessControl.accessKeyFor(functionName, roleName);
  functions.add(
    localFunction(
      {
        functionName,
        functionArn,
        ...code,
        environment: {
          ...template.Environment?.Variables,
          // What Lambda adds by itself.
          AWS_ACCESS_KEY_ID: accessKey.accessKeyId,
          AWS_SECRET_ACCESS_KEY: accessKey.secretAccessKey,
          AWS_DEFAULT_REGION: region,
          AWS_EXECUTION_ENV: `AWS_Lambda_${Runtime}`,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(template.MemorySize),
          AWS_LAMBDA_FUNCTION_NAME: functionName,
          AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
          AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
          AWS_LAMBDA_LOG_GROUP_NAME: logGroupName,
          AWS_LAMBDA_LOG_STREAM_NAME: 'local',
          AWS_REGION: region,
          LANG: 'en_US.UTF-8',
          TZ: ':UTC',
          _HANDLER: Handler,
          // The Node.js here may be older than the function's runtime.
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
          // Where the SDK finds the services: a function in AWS has not got these.
          AWS_ENDPOINT_URL_DYNAMODB: environment.dynamodb.endpoint,
          AWS_ENDPOINT_URL_SECRETS_MANAGER: environment.secretsManager.endpoint,
        },
        memorySize: template.MemorySize,
        timeoutSeconds: template.Timeout,
        logGroupName,
        log: (line) => environment.log(functionName, line),
      },
      environment.runtime,
    ),
  );
  return created;
}

/** The module of a function, or why it does not run. */
function codeOf(
  objectKey: string | undefined,
  handler: string,
  runtime: string,
  environment: StageEnvironment,
): { readonly module: string; readonly exportName: string } | Obstacle {
  if (!runtime.startsWith('nodejs')) return { kind: 'runtime', reason: runtime };
  if (objectKey === undefined) return { kind: 'code', reason: 'its code is not in an asset' };
  try {
    return handlerModule(environment.assetFolder(objectKey), handler);
  } catch (error) {
    if (!(error instanceof LocalFailure)) throw error;
    return { kind: 'code', reason: error.message };
  }
}

/** `index.handler` is the export `handler` of `index.mjs`. */
function handlerModule(folder: string, handler: string) {
  const dot = handler.lastIndexOf('.');
  const file = ['.mjs', '.js', '.cjs']
    .map((extension) => join(folder, `${handler.slice(0, dot)}${extension}`))
    .find((path) => existsSync(path));
  if (!file) throw new LocalFailure(`the asset has no module for the handler ${handler}`);
  return { module: pathToFileURL(file).href, exportName: handler.slice(dot + 1) };
}
