import { LocalFailure } from '../failure.ts';
import { contextVariable } from './context-variables.ts';
import type { GatewayRequest } from './request.ts';
import type { IntegrationResponse } from './response.ts';
import type { RouteMatch } from './route.ts';

/** One entry of `ResponseParameters`: what is changed, and the value that it gets. */
export interface ResponseParameter {
  /** `append:header.name`, `overwrite:header.name`, `remove:header.name` or `overwrite:statuscode`. */
  readonly destination: string;
  /** A selection expression, or a text that may contain some in `${…}`. */
  readonly source: string;
}

/** The values that a mapping may use. */
interface MappedCall {
  readonly request: GatewayRequest;
  readonly match: RouteMatch;
  readonly response: IntegrationResponse;
}

/** Undefined where the response or the request has no such value. */
type Source = (call: MappedCall) => string | undefined;
type Change = (response: IntegrationResponse, value: string | undefined) => IntegrationResponse;

/** Changes the response of an integration. */
export type MapResponse = (call: MappedCall) => IntegrationResponse;

/**
 * Response parameter mapping of an HTTP API. The parameters are those for one status of the integration's response, and
 * take effect in their order. Sources are read from the response as the integration gave it.
 */
export function responseMapping(
  parametersByStatus: Readonly<Record<string, readonly ResponseParameter[]>>,
): MapResponse {
  const byStatus = new Map(
    Object.entries(parametersByStatus).map(([status, parameters]) => [
      status,
      parameters.map(({ destination, source }) => ({
        change: changeOf(destination),
        source: sourceOf(source),
      })),
    ]),
  );
  return (call) =>
    (byStatus.get(String(call.response.status)) ?? []).reduce(
      (response, { change, source }) => change(response, source(call)),
      call.response,
    );
}

/** Headers that API Gateway documents as reserved: no mapping may name them. */
const reservedHeader =
  /^(?:access-control-.*|apigw-.*|authorization|connection|content-encoding|content-length|content-location|forwarded|keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade|x-amz-.*|x-amzn-.*|x-forwarded-for|x-forwarded-host|x-forwarded-proto|via)$/;

/** A value that is missing changes nothing. What API Gateway does then is not documented. */
const headerChanges: Readonly<Record<string, (name: string) => Change>> = {
  append: (name) => (response, value) => {
    const present = response.headers.get(name);
    return withHeader(
      response,
      name,
      present === undefined || value === undefined ? value : `${present},${value}`,
    );
  },
  overwrite: (name) => (response, value) => withHeader(response, name, value),
  remove: (name) => (response) => ({
    ...response,
    headers: new Map([...response.headers].filter(([present]) => present !== name)),
  }),
};

function changeOf(destination: string): Change {
  if (destination === 'overwrite:statuscode') return overwriteStatus;
  const [, action = '', name] = /^(\w+):header\.([\w!#$%&'*+.^`|~-]+)$/.exec(destination) ?? [];
  const change = Object.hasOwn(headerChanges, action) ? headerChanges[action] : undefined;
  if (!change || name === undefined) {
    throw new LocalFailure(`The response parameter ${destination} is not known locally`);
  }
  const header = name.toLowerCase();
  if (reservedHeader.test(header))
    throw new LocalFailure(`The header ${name} is reserved: it cannot be mapped`);
  return change(header);
}

const overwriteStatus: Change = (response, value) =>
  /^[1-5]\d\d$/.test(value ?? '') ? { ...response, status: Number(value) } : response;

const withHeader = (
  response: IntegrationResponse,
  name: string,
  value: string | undefined,
): IntegrationResponse =>
  value === undefined ? response : { ...response, headers: new Map([...response.headers, [name, value]]) };

function sourceOf(source: string): Source {
  if (source.startsWith('$') && !source.startsWith('${')) return variable(source.slice(1));
  const parts = source
    .split(/\$\{([^}]*)\}/)
    .map((part, index) => (index % 2 === 0 ? () => part : variable(part)));
  return (call) => {
    const values = parts.map((part) => part(call));
    return values.every((value) => value !== undefined) ? values.join('') : undefined;
  };
}

function variable(expression: string): Source {
  const [, where = '', name] =
    /^(response\.header|response\.body|context)(?:\.(.+))?$/.exec(expression) ?? [];
  if (where === 'response.header' && name !== undefined) {
    return ({ response }) => response.headers.get(name.toLowerCase());
  }
  if (where === 'response.body') return ({ response }) => bodyValue(response.body, name?.split('.') ?? []);
  const read = where === 'context' ? contextVariable(name ?? '') : undefined;
  if (read) return ({ request, match }) => read(request, match);
  throw new LocalFailure(`The source $${expression} of a response parameter is not known locally`);
}

/** The value of a member of a JSON body; without a path the body itself. */
function bodyValue(body: Buffer, path: readonly string[]): string | undefined {
  if (path.length === 0) return body.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = new Map(Object.entries(value)).get(name);
  }
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
