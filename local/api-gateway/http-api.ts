import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { arn } from '../identity.ts';
import type { InvokeFunction } from '../lambda/functions.ts';
import { closeServer, listenOnLoopback, loopback } from '../loopback-server.ts';
import type { Authorizer } from './authorizer.ts';
import { integrationEvent } from './event.ts';
import { readRequest } from './request.ts';
import { internalServerError, notFound, sendGatewayResponse, sendResult } from './response.ts';
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
  listen(port: number): Promise<void>;
  /** Nothing is served before the API has a stage, which deploys its routes as they come. */
  deploy(): void;
  addRoute(route: Route): void;
  close(): Promise<void>;
}

interface HttpApiOptions {
  /**
   * A URL that is mapped to the API, as a custom domain is. A request may have its path, the base path, in front: API
   * Gateway chooses the route without it, and leaves it in the path that it passes on.
   */
  readonly publicUrl?: string | undefined;
}

export function httpApi(id: string, invoke: InvokeFunction, { publicUrl }: HttpApiOptions = {}): HttpApi {
  const basePath = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  const routes = new Map<string, Route>();
  let deployed = false;
  let boundPort = 0;

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomBytes(11).toString('base64url').concat('=');
    response.setHeader('apigw-requestid', requestId);
    const request = await readRequest(incoming, requestId);
    if ('status' in request) {
      sendGatewayResponse(response, request);
      return;
    }
    const path = withoutBasePath(request.encodedPath);
    const match = deployed ? matchRoute(routes.values(), request.method, path) : undefined;
    if (!match) {
      sendGatewayResponse(response, notFound);
      return;
    }
    const authorization = await match.route.authorizer?.authorize(request, match);
    if (authorization && !authorization.allowed) {
      sendGatewayResponse(response, authorization.response);
      return;
    }
    const event = integrationEvent(request, match, id, authorization?.context);
    const sent = sendResult(response, await integrate(match, event, request.method));
    if (!sent) sendGatewayResponse(response, internalServerError);
  }

  const endpoint = () => `http://${loopback}:${boundPort}`;
  const withoutBasePath = (path: string) =>
    path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;

  function integrate({ route }: RouteMatch, event: object, method: string): Promise<unknown> {
    const path = partsOf(route.routeKey)?.path ?? '/$default';
    return invoke(route.integration.functionArn, event, {
      principal: 'apigateway.amazonaws.com',
      sourceArn: arn('execute-api', `${id}/$default/${method}${path}`),
    });
  }

  const server = createServer((incoming, response) => {
    respond(incoming, response).catch(() => {
      if (response.headersSent) response.destroy();
      else sendGatewayResponse(response, internalServerError);
    });
  });

  return {
    id,
    integrations: new Map(),
    authorizers: new Map(),
    get endpoint() {
      return endpoint();
    },
    locate: (url) => {
      const isBelow = publicUrl !== undefined && `${url}/`.startsWith(`${publicUrl}/`);
      return isBelow ? endpoint() + basePath + url.slice(publicUrl.length) : url;
    },
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
