import * as v from 'valibot';
import { arn } from '../identity.ts';
import type { InvokeFunction } from '../lambda/functions.ts';
import type { JsonObject } from '../template/json.ts';
import type { Authorization, Authorizer } from './authorizer.ts';
import { refused } from './authorizer.ts';
import { commonEvent } from './event.ts';
import { identitySource } from './identity-source.ts';
import type { GatewayRequest } from './request.ts';
import { internalServerError } from './response.ts';
import type { RouteMatch } from './route.ts';

interface LambdaAuthorizerOptions {
  readonly authorizerId: string;
  readonly apiId: string;
  readonly functionArn: string;
  readonly invoke: InvokeFunction;
  /** Selection expressions. Without any, the function is called for every request. */
  readonly identitySources: readonly string[];
  readonly resultTtlSeconds: number;
}

const SimpleResponse = v.object({
  isAuthorized: v.boolean(),
  context: v.optional(v.nullable(v.record(v.string(), v.any()))),
});

interface Cached {
  readonly authorization: Authorization;
  readonly expiresAt: number;
}

/** A Lambda authorizer of an HTTP API: payload format 2.0, simple responses. */
export function lambdaAuthorizer(options: LambdaAuthorizerOptions): Authorizer {
  const { apiId, authorizerId, functionArn, invoke, resultTtlSeconds } = options;
  const sources = options.identitySources.map(identitySource);
  const cache = new Map<string, Cached>();

  async function decide(
    request: GatewayRequest,
    match: RouteMatch,
    identities: readonly string[],
  ): Promise<Authorization> {
    const event = {
      ...commonEvent(request, match, apiId),
      type: 'REQUEST',
      routeArn: arn('execute-api', `${apiId}/$default/${request.method}${request.rawPath}`),
      identitySource: identities.length > 0 ? identities : null,
      stageVariables: null,
    };
    let result: unknown;
    try {
      result = await invoke(functionArn, event, {
        principal: 'apigateway.amazonaws.com',
        sourceArn: arn('execute-api', `${apiId}/authorizers/${authorizerId}`),
      });
    } catch {
      return { allowed: false, response: internalServerError };
    }
    const parsed = v.safeParse(SimpleResponse, result);
    if (!parsed.success) return { allowed: false, response: internalServerError };
    if (!parsed.output.isAuthorized) return refused(403, 'Forbidden');
    const context: JsonObject = parsed.output.context ?? {};
    return { allowed: true, context: { lambda: context } };
  }

  return {
    async authorize(request, match) {
      const identities: string[] = [];
      for (const source of sources) {
        const identity = source(request, match);
        if (!identity) return refused(401, 'Unauthorized');
        identities.push(identity);
      }
      const cacheKey = JSON.stringify(identities);
      const cached = cache.get(cacheKey);
      if (cached && cached.expiresAt > Date.now()) return cached.authorization;

      const authorization = await decide(request, match, identities);
      const ttl = sources.length > 0 ? resultTtlSeconds : 0;
      if (ttl > 0 && (authorization.allowed || authorization.response.status === 403)) {
        cache.set(cacheKey, { authorization, expiresAt: Date.now() + ttl * 1_000 });
      }
      return authorization;
    },
  };
}
