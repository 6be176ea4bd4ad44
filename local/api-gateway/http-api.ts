import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { arn } from '../identity.ts';
import type { InvokeFunction } from '../lambda/functions.ts';
import { closeServer, listenOnLoopback, loopback } from '../loopback-server.ts';
import type { Authorizer } from './authorizer.ts';
import { corsHeaders, isCorsHeader } from './cors.ts';
import type { CorsConfiguration } from './cors.ts';
import { integrationEvent } from './event.ts';
import { headTooLarge, readRequest } from './request.ts';
import type { GatewayRequest } from './request.ts';
import type { MapResponse } from './response-parameters.ts';
import {
  internalServerError,
  notFound,
  parseResult,
  sendGatewayResponse,
  sendIntegrationResponse,
} from './response.ts';
import type { IntegrationResponse } from './response.ts';
import type { Integration, Route, RouteMatch } from './route.ts';
import { matchRoute, partsOf } from './route.ts';

/** An HTTP API of API Gateway, on a port of its own. */
export interface HttpApi {
  readonly id: string;
  readonly integrations: Map<string, Integration>;
  readonly authorizers: Map<string, Authorizer>;
  /** The attribute `ApiEndpoint`. */
  readonly endpoint: string;
  /** Where a URL below the public URL of the API is served on this machine; another URL stays as it is. */
  locate(url: string): string;
  /**
   * Maps a URL to the API, as a custom domain does. A request may have its path, the base path, in front: API Gateway
   * chooses the route without it, and leaves it in the path that it passes on.
   */
  addPublicUrl(url: string): void;
  listen(port: number): Promise<void>;
  /** Nothing is served before the API has a stage, which deploys its routes as they come. */
  deploy(): void;
  addRoute(route: Route): void;
  close(): Promise<void>;
}

interface HttpApiOptions {
  /** Without it nothing of the gateway knows CORS, and integrations may send its headers themselves. */
  readonly cors?: CorsConfiguration | undefined;
  /** Whether integrations' challenges are renamed, as AWS documents it for REST APIs. */
  readonly remapChallenges?: boolean;
  /** The first URL that is mapped to the API. */
  readonly publicUrl?: string | undefined;
}

/** Above that of API Gateway, which then decides. */
const nodeHeaderLimit = 65_536;

const headTooLargeBody = JSON.stringify({ message: headTooLarge.message });
const headTooLargeResponse = [
  `HTTP/1.1 ${headTooLarge.status} ${headTooLarge.message}`,
  'Connection: close',
  'Content-Type: application/json',
  `Content-Length: ${headTooLargeBody.length}`,
  '',
  headTooLargeBody,
].join('\r\n');

export function httpApi(
  id: string,
  invoke: InvokeFunction,
  { cors, remapChallenges = false, publicUrl }: HttpApiOptions = {},
): HttpApi {
  const publicUrls = new Set(publicUrl === undefined ? [] : [publicUrl]);
  const routes = new Map<string, Route>();
  let deployed = false;
  let boundPort = 0;

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomBytes(11).toString('base64url').concat('=');
    response.setHeader('apigw-requestid', requestId);
    // To every response: those of the gateway itself, and denials of authorizers, included.
    const added = cors ? corsHeaders(incoming.method, incoming.headers, cors) : {};
    for (const [name, value] of Object.entries(added)) response.setHeader(name, value);
    const request = await readRequest(incoming, requestId);
    if ('status' in request) {
      sendGatewayResponse(response, request);
      return;
    }
    const match = deployed ? routeOf(request) : undefined;
    if (!match && deployed && cors && request.method === 'OPTIONS') {
      // A route for OPTIONS, of any method or `$default` comes first, as API Gateway documents.
      response.statusCode = 204;
      response.end();
      return;
    }
    if (!match) {
      sendGatewayResponse(response, notFound);
      return;
    }
    const authorization = await match.route.authorizer?.authorize(request, match);
    if (authorization && !authorization.allowed) {
      sendGatewayResponse(response, authorization.response);
      return;
    }
    const { integration } = match.route;
    if ('unavailable' in integration) {
      sendGatewayResponse(response, integration.unavailable);
      return;
    }
    const event = integrationEvent(request, match, id, authorization?.context);
    const result = parseResult(await invokeFor(match, integration.functionArn, event, request.method));
    if (result) sendIntegrationResponse(response, finished(result, integration.mapResponse, request, match));
    else sendGatewayResponse(response, internalServerError);
  }

  /** What the gateway makes of the response of an integration. */
  function finished(
    result: IntegrationResponse,
    mapResponse: MapResponse | undefined,
    request: GatewayRequest,
    match: RouteMatch,
  ): IntegrationResponse {
    // Where AWS renames a challenge, it is not documented whether a mapping sees it before or after. Here the mapping
    // comes last, so that it can restore the challenge from another header.
    const renamed = remapChallenges ? withRenamedChallenge(result) : result;
    const mapped = mapResponse ? mapResponse({ request, match, response: renamed }) : renamed;
    return cors ? withoutCorsHeaders(mapped) : mapped;
  }

  const endpoint = () => `http://${loopback}:${boundPort}`;
  /** The longest base path that a path begins with, as API Gateway chooses it. */
  const basePathIn = (path: string): string =>
    [...publicUrls]
      .map(basePathOf)
      .filter((basePath) => path.startsWith(`${basePath}/`))
      .reduce((longest, basePath) => (basePath.length > longest.length ? basePath : longest), '');
  /** A route of the API may itself begin like the base path, and is then called by its own URL without it. */
  const routeOf = ({ method, encodedPath }: GatewayRequest): RouteMatch | undefined =>
    matchRoute(routes.values(), method, encodedPath.slice(basePathIn(encodedPath).length)) ??
    matchRoute(routes.values(), method, encodedPath);

  function invokeFor(
    { route }: RouteMatch,
    functionArn: string,
    event: object,
    method: string,
  ): Promise<unknown> {
    const path = partsOf(route.routeKey)?.path ?? '/$default';
    return invoke(functionArn, event, {
      principal: 'apigateway.amazonaws.com',
      sourceArn: arn('execute-api', `${id}/$default/${method}${path}`),
    });
  }

  const server = createServer({ maxHeaderSize: nodeHeaderLimit }, (incoming, response) => {
    respond(incoming, response).catch(() => {
      if (response.headersSent) response.destroy();
      else sendGatewayResponse(response, internalServerError);
    });
  });

  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // As Node.js does without a listener; for a head that it does not even read, with the body of the gateway.
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    if (!socket.writable) socket.destroy();
    else
      socket.end(tooLarge ? headTooLargeResponse : 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });

  return {
    id,
    integrations: new Map(),
    authorizers: new Map(),
    get endpoint() {
      return endpoint();
    },
    locate: (url) => {
      const above = [...publicUrls].find((one) => `${url}/`.startsWith(`${one}/`));
      return above === undefined ? url : endpoint() + basePathOf(above) + url.slice(above.length);
    },
    addPublicUrl: (url) => void publicUrls.add(url),
    async listen(port) {
      boundPort = await listenOnLoopback(server, port);
    },
    deploy() {
      deployed = true;
    },
    addRoute: (route) => void routes.set(route.routeKey, route),
    close: () => closeServer(server),
  };
}

const basePathOf = (publicUrl: string): string => new URL(publicUrl).pathname.replace(/\/$/, '');

/** API Gateway documents the name for REST APIs, and users of HTTP APIs report it. */
const withRenamedChallenge = (response: IntegrationResponse): IntegrationResponse => ({
  ...response,
  headers: new Map(
    [...response.headers].map(([name, value]) => [
      name === 'www-authenticate' ? 'x-amzn-remapped-www-authenticate' : name,
      value,
    ]),
  ),
});

const withoutCorsHeaders = (response: IntegrationResponse): IntegrationResponse => ({
  ...response,
  headers: new Map([...response.headers].filter(([name]) => !isCorsHeader(name))),
});
