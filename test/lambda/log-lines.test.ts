import { readdirSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
import { metricsOf } from '../http/embedded-metrics.ts';
import { httpEvent, startFunction, startFunctionServices } from './functions.ts';

const services = await startFunctionServices();
afterThisFile(() => services.close());
process.env['SUBSCRIPTIONS_TABLE'] = 'clients';
process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'sandbox-function';
const client = await services.register({ scopes: ['orders:read'], defaultScopes: ['orders:read'] });
const authorization = `Basic ${Buffer.from(`${client.client.id}:${client.secret}`).toString('base64')}`;

type Line = Readonly<Record<string, unknown>>;

/** What a function that was just started writes while it handles `event`, and its error if it fails. */
async function run(folder: string, event: object) {
  const lines: string[] = [];
  const write = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  afterThisTest(() => write.mockRestore());
  const handler: (event: unknown, context: object) => Promise<unknown> = await startFunction(folder);
  const outcome = await handler(event, { awsRequestId: 'l1' }).then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error }),
  );
  write.mockRestore();
  return { ...outcome, lines, parsed: lines.map((line) => JSON.parse(line) as Line) };
}

const rotation = (Step: string) => ({
  SecretId: 'signing-keys',
  ClientRequestToken: '00000000-0000-0000-0000-000000000000',
  Step,
});
const routed = (routeKey: string, body?: object) => ({
  ...httpEvent(routeKey.split(' ')[1] ?? '/', authorization, body),
  routeKey,
});
const events: Record<string, object> = {
  'account-profile': routed('GET /rest/v1/users/{mage_id}'),
  authorizer: routed('GET /orders'),
  'example-api': routed('POST /api/v1/marketplace/subscriptions'),
  introspect: routed('POST /oauth/introspect', { token: 'unknown' }),
  revoke: routed('POST /oauth/revoke', { token: 'unknown' }),
  'rotate-signing-keys': rotation('setSecret'),
  'session-keys': routed('GET /rest/v1/users/{mage_id}/access-keys'),
  'session-token': routed('POST /rest/v1/app/session/token', { grant_type: 'session' }),
  token: routed('POST /oauth/token', { grant_type: 'client_credentials' }),
  'well-known': routed('GET /.well-known/jwks.json'),
};

describe('lines of a function', () => {
  test.each(readdirSync(new URL('../../lambda', import.meta.url)))(
    '%s name the stage and the invocation, and have its latency once',
    async (folder) => {
      const { lines, parsed } = await run(folder, events[folder] ?? {});
      const ofEvent = parsed.filter((line) => line['lambdaRequestId'] === 'l1');
      expect(ofEvent.length).toBeGreaterThan(0);
      for (const line of parsed) {
        expect(line).toMatchObject({
          service: 'postern',
          stage: 'sandbox',
          function: 'sandbox-function',
          cold_start: true,
        });
      }
      const latencies = lines.flatMap(metricsOf).filter(({ name }) => name === 'Latency');
      expect(latencies.length).toBe(1);
      expect(lines.join('')).not.toContain(authorization);
    },
  );
});

describe('lines of the token function', () => {
  test('have the age of the signing key whenever it has read the key set', async () => {
    const { lines, parsed } = await run('token', routed('POST /oauth/token', {}));
    expect(parsed[0]).toMatchObject({ event: 'signing_keys_read', kid: expect.any(String) });
    const [age] = metricsOf(lines[0] ?? '');
    expect(age).toMatchObject({ name: 'SigningKeyAge', dimensions: [['service', 'stage']] });
    expect(age?.value).toBeGreaterThanOrEqual(0);
    expect(age?.value).toBeLessThan(600);
  });
});

describe('lines of the rotation function', () => {
  test('count a step that failed, with its name and its cause, and the step still fails', async () => {
    const { error, lines, parsed } = await run('rotate-signing-keys', rotation('testSecret'));
    expect(error).toBeInstanceOf(Error);
    expect(parsed).toMatchObject([
      { level: 'ERROR', event: 'rotation_failed', reason: 'testSecret', cause: expect.any(String) },
    ]);
    expect(metricsOf(lines[0] ?? '')).toContainEqual({
      name: 'RotationsFailed',
      value: 1,
      dimensions: [['service', 'stage']],
    });
  });
});
