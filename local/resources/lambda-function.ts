import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import { arn, region } from '../identity.ts';
import { localFunction } from '../lambda/local-function.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { parseProperties } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const LambdaFunction = v.object({
  FunctionName: v.optional(v.string()),
  Code: v.object({ S3Key: v.string() }),
  Handler: v.string(),
  Runtime: v.pipe(v.string(), v.startsWith('nodejs')),
  Role: v.string(),
  MemorySize: v.optional(v.number(), 128),
  Timeout: v.optional(v.number(), 3),
  Environment: v.optional(v.object({ Variables: v.optional(v.record(v.string(), v.string()), {}) })),
  LoggingConfig: v.optional(v.object({ LogGroup: v.optional(v.string()) })),
});

/** `AWS::Lambda::Function` */
export async function createFunction(
  { physicalName, properties }: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const template = parseProperties(LambdaFunction, properties);
  const functionName = template.FunctionName ?? physicalName;
  const functionArn = arn('lambda', `function:${functionName}`);
  const roleName = template.Role.slice(template.Role.lastIndexOf('/') + 1);
  const logGroupName = template.LoggingConfig?.LogGroup ?? `/aws/lambda/${functionName}`;
  const { module, exportName } = handlerModule(
    environment.assetFolder(template.Code.S3Key),
    template.Handler,
  );
  const accessKey = environment.accessControl.accessKeyFor(functionName, roleName);
  environment.functions.add(
    localFunction(
      {
        functionName,
        functionArn,
        module,
        exportName,
        environment: {
          ...template.Environment?.Variables,
          // What Lambda adds by itself.
          AWS_ACCESS_KEY_ID: accessKey.accessKeyId,
          AWS_SECRET_ACCESS_KEY: accessKey.secretAccessKey,
          AWS_DEFAULT_REGION: region,
          AWS_EXECUTION_ENV: `AWS_Lambda_${template.Runtime}`,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(template.MemorySize),
          AWS_LAMBDA_FUNCTION_NAME: functionName,
          AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
          AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
          AWS_LAMBDA_LOG_GROUP_NAME: logGroupName,
          AWS_LAMBDA_LOG_STREAM_NAME: 'local',
          AWS_REGION: region,
          LANG: 'en_US.UTF-8',
          TZ: ':UTC',
          _HANDLER: template.Handler,
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
  return { ref: functionName, attributes: { Arn: functionArn } };
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
