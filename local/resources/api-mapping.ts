import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { apiOf } from './http-api.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const domainName = {
  run: { DomainName: v.string() },
  // TLS ends nowhere on this machine.
  withoutEffect: ['DomainNameConfigurations', 'MutualTlsAuthentication', 'RoutingMode', 'Tags'],
} satisfies PropertyRule<v.ObjectEntries>;

const apiMapping = {
  run: {
    ApiId: v.string(),
    DomainName: v.string(),
    Stage: v.literal('$default'),
    ApiMappingKey: v.optional(v.string(), ''),
  },
} satisfies PropertyRule<v.ObjectEntries>;

/** `AWS::ApiGatewayV2::DomainName`: nobody resolves it to this machine, and its mappings are served all the same. */
export async function createDomainName(
  request: ResourceRequest,
  { notRun }: StageEnvironment,
): Promise<CreatedResource> {
  return { ref: readProperties(domainName, request, notRun).DomainName };
}

/** `AWS::ApiGatewayV2::ApiMapping`: the API serves its base path, on the same port. */
export async function createApiMapping(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const mapping = readProperties(apiMapping, request, environment.notRun);
  const url = `https://${mapping.DomainName}/${mapping.ApiMappingKey}`;
  if (!URL.canParse(url)) throw new LocalFailure(`${url} is no URL`);
  apiOf(environment, mapping.ApiId).addPublicUrl(url.replace(/\/$/, ''));
  return { ref: request.logicalId };
}
