import * as v from 'valibot';
import { functionArnOf } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const version = {
  run: { FunctionName: v.string() },
  withoutEffect: [
    'CodeSha256',
    'Description',
    'FunctionScalingConfig',
    'ProvisionedConcurrencyConfig',
    'RuntimePolicy',
  ],
} satisfies PropertyRule<v.ObjectEntries>;

const alias = {
  run: { FunctionName: v.string(), Name: v.string() },
  // Every version runs the same code here.
  withoutEffect: ['Description', 'FunctionVersion', 'ProvisionedConcurrencyConfig', 'RoutingConfig', 'Tags'],
} satisfies PropertyRule<v.ObjectEntries>;

/** `AWS::Lambda::Version`: calls the function as it is now, because there is one code of it on this machine. */
export async function createVersion(
  request: ResourceRequest,
  { functions, notRun }: StageEnvironment,
): Promise<CreatedResource> {
  const functionArn = functionArnOf(readProperties(version, request, notRun).FunctionName);
  let number = 1;
  while (functions.has(`${functionArn}:${number}`)) number += 1;
  const ref = `${functionArn}:${number}`;
  functions.addQualified(ref, functionArn);
  return { ref, attributes: { FunctionArn: ref, Version: String(number) } };
}

/** `AWS::Lambda::Alias` */
export async function createAlias(
  request: ResourceRequest,
  { functions, notRun }: StageEnvironment,
): Promise<CreatedResource> {
  const { FunctionName, Name } = readProperties(alias, request, notRun);
  const functionArn = functionArnOf(FunctionName);
  const ref = `${functionArn}:${Name}`;
  functions.addQualified(ref, functionArn);
  return { ref, attributes: { AliasArn: ref } };
}
