import { describe, expect, test } from '@jest/globals';
import { calledUrl, routePath } from '../../src/http/route-key.ts';

describe('path of a route key', () => {
  test.each([
    ['GET /orders/{id}', '/orders/{id}'],
    ['ANY /{proxy+}', '/{proxy+}'],
    ['$default', ''],
  ])('%s', (routeKey, path) => {
    expect(routePath(routeKey)).toBe(path);
  });
});

describe('URL of a call', () => {
  const plain = 'https://auth.example.test';
  const mapped = 'https://auth.example.test/base';
  test.each([
    ['below an issuer without a path', plain, 'GET /orders/{id}', '/orders/7', `${plain}/orders/7`],
    [
      'with the base path in the raw path',
      mapped,
      'GET /orders/{id}',
      '/base/orders/7',
      `${mapped}/orders/7`,
    ],
    ['without the base path in the raw path', mapped, 'GET /orders/{id}', '/orders/7', `${mapped}/orders/7`],
    ['of a path that only begins alike', mapped, 'GET /{x}', '/basement', `${mapped}/basement`],
    ['of a route named as the base path', mapped, 'GET /base/{x}', '/base/1', `${mapped}/base/1`],
    ['of such a route with the base path', mapped, 'GET /base/{x}', '/base/base/1', `${mapped}/base/1`],
    ['of a greedy route', mapped, 'ANY /{proxy+}', '/base/a/b', `${mapped}/a/b`],
    ['of the default route', mapped, '$default', '/base/a', `${mapped}/a`],
    ['with characters to encode', mapped, 'GET /{x}', '/base/a b?', `${mapped}/a%20b%3F`],
    ['below an issuer with a path of two segments', `${mapped}/v1`, 'GET /a', '/base/v1/a', `${mapped}/v1/a`],
  ])('%s', (_case, issuer, routeKey, rawPath, url) => {
    expect(calledUrl(issuer, { routeKey, rawPath })).toBe(url);
  });
});
