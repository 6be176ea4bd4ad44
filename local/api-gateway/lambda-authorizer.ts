import * as v from 'valibot';
import { arn } from '../identity.ts';
import type { Functions } from '../lambda/functions.ts';
import type { JsonObject } from '../template/json.ts';
import type { Authorization, Authorizer } from './authorizer.ts';
import { refused } from './authorizer.ts';
import { commonEvent } from './event.ts';
import type { IdentitySource } from './identity-source.ts';
import { identitySource } from './identity-source.ts';
import type { GatewayRequest } from './request.ts';
import { internalServerError } from './response.ts';
import type { RouteMatch } from './route.ts';

interface LambdaAuthorizerOptions {
  readonly authorizerId: string;
  readonly apiId: string;
  readonly functionArn: string;
  readonly functions: Functions;
  /** Selection expressions. Without any, the function is called for every request. */
  readonly identitySources: readonly string[];
  readonly resultTtlSeconds: number;
}

const SimpleResponse = v.object({
  isAuthorized: v.boolean(),
  context: v.optional(v.nullable(v.record(v.string(), v.any()))),
});

interface CachedAnswer {
  readonly authorization: Authorization;
  readonly expiresAt: number;
}

/** A Lambda authorizer of an HTTP API: payload format 2.0, simple responses. */
export class LambdaAuthorizer implements Authorizer {
  readonly #options: LambdaAuthorizerOptions;
  readonly #sources: readonly IdentitySource[];
  readonly #cache = new Map<string, CachedAnswer>();

  constructor(options: LambdaAuthorizerOptions) {
    this.#options = options;
    this.#sources = options.identitySources.map(identitySource);
  }

  async authorize(request: GatewayRequest, match: RouteMatch): Promise<Authorization> {
    const identities: string[] = [];
    for (const source of this.#sources) {
      const identity = source(request, match);
      if (!identity) return refused(401, 'Unauthorized');
      identities.push(identity);
    }
    const cacheKey = JSON.stringify(identities);
    const cached = this.#cache.get(cacheKey);
    if (cached && cached.expiresAt > Date.now()) return cached.authorization;

    const authorization = await this.#ask(request, match, identities);
    const ttl = this.#sources.length > 0 ? this.#options.resultTtlSeconds : 0;
    if (ttl > 0 && (authorization.allowed || authorization.answer.status === 403)) {
      this.#cache.set(cacheKey, { authorization, expiresAt: Date.now() + ttl * 1_000 });
    }
    return authorization;
  }

  async #ask(
    request: GatewayRequest,
    match: RouteMatch,
    identities: readonly string[],
  ): Promise<Authorization> {
    const { apiId, authorizerId, functionArn, functions } = this.#options;
    const event = {
      ...commonEvent(request, match, apiId),
      type: 'REQUEST',
      routeArn: arn('execute-api', `${apiId}/$default/${request.method}${request.rawPath}`),
      identitySource: identities.length > 0 ? identities : null,
      stageVariables: null,
    };
    let answer: unknown;
    try {
      answer = await functions.invoke(functionArn, event, {
        principal: 'apigateway.amazonaws.com',
        sourceArn: arn('execute-api', `${apiId}/authorizers/${authorizerId}`),
      });
    } catch {
      return { allowed: false, answer: internalServerError };
    }
    const parsed = v.safeParse(SimpleResponse, answer);
    if (!parsed.success) return { allowed: false, answer: internalServerError };
    if (!parsed.output.isAuthorized) return refused(403, 'Forbidden');
    const context: JsonObject = parsed.output.context ?? {};
    return { allowed: true, context: { lambda: context } };
  }
}
