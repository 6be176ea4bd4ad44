import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { arn } from '../identity.ts';
import type { Functions } from '../lambda/functions.ts';
import { closeServer, listenOnLoopback, loopback } from '../loopback-server.ts';
import type { Authorizer } from './authorizer.ts';
import { integrationEvent } from './event.ts';
import { readRequest } from './request.ts';
import { internalServerError, notFound, sendAnswer, sendResult } from './response.ts';
import type { Integration, Route, RouteMatch } from './route.ts';
import { matchRoute, partsOf } from './route.ts';

/** An HTTP API of API Gateway, on a port of its own. */
export class HttpApi {
  readonly id: string;
  readonly integrations = new Map<string, Integration>();
  readonly authorizers = new Map<string, Authorizer>();
  readonly #functions: Functions;
  readonly #server: Server;
  readonly #routes = new Map<string, Route>();
  #deployed = false;
  #port = 0;

  constructor(id: string, functions: Functions) {
    this.id = id;
    this.#functions = functions;
    this.#server = createServer((incoming, response) => {
      this.#answer(incoming, response).catch(() => {
        if (response.headersSent) response.destroy();
        else sendAnswer(response, internalServerError);
      });
    });
  }

  /** The attribute `ApiEndpoint`. */
  get endpoint(): string {
    return `http://${loopback}:${this.#port}`;
  }

  async listen(port: number): Promise<void> {
    this.#port = await listenOnLoopback(this.#server, port);
  }

  /** Nothing is served before the API has a stage, which deploys its routes as they come. */
  deploy(): void {
    this.#deployed = true;
  }

  addRoute(route: Route): void {
    this.#routes.set(route.routeKey, route);
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomBytes(11).toString('base64url').concat('=');
    response.setHeader('apigw-requestid', requestId);
    const request = await readRequest(incoming, requestId);
    if ('status' in request) {
      sendAnswer(response, request);
      return;
    }
    const match = this.#deployed
      ? matchRoute(this.#routes.values(), request.method, request.encodedPath)
      : undefined;
    if (!match) {
      sendAnswer(response, notFound);
      return;
    }
    const authorization = await match.route.authorizer?.authorize(request, match);
    if (authorization && !authorization.allowed) {
      sendAnswer(response, authorization.answer);
      return;
    }
    const event = integrationEvent(request, match, this.id, authorization?.context);
    const sent = sendResult(response, await this.#invoke(match, event, request.method));
    if (!sent) sendAnswer(response, internalServerError);
  }

  #invoke({ route }: RouteMatch, event: object, method: string): Promise<unknown> {
    const path = partsOf(route.routeKey)?.path ?? '/$default';
    return this.#functions.invoke(route.integration.functionArn, event, {
      principal: 'apigateway.amazonaws.com',
      sourceArn: arn('execute-api', `${this.id}/$default/${method}${path}`),
    });
  }
}
