import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { errorTable, requestError } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { functionLog } from '../../src/function-log.ts';
import { callerOf, denialContext } from '../../src/http/authorizer-context.ts';
import { endpoint, requestCompleted } from '../../src/http/endpoint.ts';
import type { RequestHandler } from '../../src/http/endpoint.ts';
import { tokenEndpoint } from '../../src/http/endpoints/token.ts';
import type { LogFields } from '../../src/log.ts';
import { dimensionSets, errorMetricName, events, metrics } from '../../src/metrics.ts';
import type { EventName } from '../../src/metrics.ts';
import { failed, ok } from '../../src/result.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { afterThisTest } from '../after-this-test.ts';
import { basic, memoryStage } from '../oauth/stage.ts';
import { metricsOf } from './embedded-metrics.ts';

const event = {
  headers: {},
  rawPath: '/',
  requestContext: { requestId: 'r1' },
} as unknown as APIGatewayProxyEventV2;

/** A function's log, and the lines that it has written. */
function startedLog() {
  const lines: string[] = [];
  const time = { milliseconds: 0 };
  const started = functionLog({
    stage: 'sandbox',
    output: { write: (line: string) => lines.push(line) },
    stopwatch: () => time.milliseconds,
  });
  return { ...started, lines, time, parsed: () => lines.map((line) => JSON.parse(line) as Members) };
}
type Members = Record<string, unknown>;

/** The lines of one event that `handle` answers. */
async function linesOf(handle: RequestHandler) {
  const started = startedLog();
  const handler = endpoint({ dialect: 'rfc6749', stage: 'sandbox', log: started.log, handle });
  await started.observe(handler, requestCompleted)(event, { awsRequestId: 'l1' });
  return started.lines;
}

const namesAndValues = (line: string) =>
  Object.fromEntries(metricsOf(line).map(({ name, value }) => [name, value]));

const eventNames = Object.keys(events) as EventName[];
const errorCodes = Object.keys(errorTable) as ErrorCode[];

/** A line of each event with everything that a line may have. */
async function everyLine(): Promise<string[]> {
  const started = startedLog();
  const fields = (name: EventName, error: ErrorCode): LogFields => ({
    event: name,
    requestId: 'r1',
    status: 400,
    clientId: 'a client',
    scope: 'orders:read',
    error,
    reason: 'wrong_secret',
    unavailable: 'Secrets Manager',
    signingKeyAge: 60,
  });
  for (const error of errorCodes) {
    for (const name of eventNames) {
      await started.observe(async () => started.log('INFO', fields(name, error)))({}, { awsRequestId: 'l1' });
    }
  }
  return started.lines;
}
const lines = await everyLine();

describe('metrics in the lines of the log', () => {
  test.each(eventNames)('of %s are valid by the specification of the embedded metric format', (name) => {
    const ofEvent = lines.filter((line) => line.includes(`"event":"${name}"`));
    expect(ofEvent.length).toBe(errorCodes.length);
    // metricsOf fails for a line that is not valid.
    expect(ofEvent.flatMap(metricsOf).length).toBeGreaterThan(0);
  });

  test('have names of a fixed number, whatever clients send', () => {
    const names = new Set(lines.flatMap((line) => metricsOf(line).map(({ name }) => name)));
    const known = new Set([
      ...Object.keys(metrics),
      ...errorCodes.flatMap((code) => [`Refused_${code}`, `Failed_${code}`]),
    ]);
    expect([...names].filter((name) => !known.has(name))).toStrictEqual([]);
    // Each name costs $0.30 a month for a stage, and some for each function.
    expect(Object.keys(metrics).length + errorCodes.length).toBeLessThan(50);
  });

  test('have the dimensions service, stage and function, and each metric one set of them', () => {
    const sets = new Map<string, Set<string>>();
    for (const { name, dimensions } of lines.flatMap(metricsOf)) {
      sets.set(name, (sets.get(name) ?? new Set()).add(JSON.stringify(dimensions)));
    }
    for (const [name, ofName] of sets) {
      const per = name === 'Latency' || name === 'ColdStarts' ? 'function' : 'stage';
      expect([name, ...ofName]).toStrictEqual([name, JSON.stringify([dimensionSets[per]])]);
    }
  });

  test('are refusals and failures by the code of the error', async () => {
    const [refused = ''] = await linesOf(async () => failed(requestError('invalid_client')));
    expect(namesAndValues(refused)).toMatchObject({ [errorMetricName('invalid_client')]: 1 });
    const [broken = ''] = await linesOf(() => Promise.reject(new Error('broken')));
    expect(namesAndValues(broken)).toMatchObject({ [errorMetricName('server_error')]: 1 });
    expect(errorMetricName('invalid_client')).toBe('Refused_invalid_client');
    expect(errorMetricName('server_error')).toBe('Failed_server_error');
  });

  test('do not count a refusal again in the integration that only returns it', async () => {
    const lambda = denialContext(requestError('invalid_token'));
    const [line = ''] = await linesOf(async (request) => {
      const caller = callerOf({ ...request, authorizer: { lambda } });
      return caller.ok ? ok({ statusCode: 200 }) : caller;
    });
    expect(JSON.parse(line)).toMatchObject({ event: 'denial_returned', error: 'invalid_token' });
    expect(Object.keys(namesAndValues(line)).toSorted()).toStrictEqual(['ColdStarts', 'Latency']);
  });

  test.each([
    ['Secrets Manager', true],
    ['DynamoDB', false],
  ] as const)('count a fault of %s as one of Secrets Manager: %s', async (service, isCounted) => {
    const [line = ''] = await linesOf(() => Promise.reject(new Unavailable(service, new Error('down'))));
    expect(JSON.parse(line)).toMatchObject({ unavailable: service });
    expect('SecretsManagerFaults' in namesAndValues(line)).toBe(isCounted);
    expect(namesAndValues(line)).toMatchObject({ Failed_temporarily_unavailable: 1 });
  });

  test('count an issued token, and contain neither the token nor the secret', async () => {
    const stage = await memoryStage();
    const { client, secret = '' } = await stage.register();
    const started = startedLog();
    const handle = tokenEndpoint({ ...stage.tokens, log: started.log });
    const handler = endpoint({ dialect: 'rfc6749', stage: 'sandbox', log: started.log, handle });
    const authorization = basic(client.id, secret);
    const response = await started.observe(handler)({
      ...event,
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&scope=orders:read',
      isBase64Encoded: false,
    });
    const token = (JSON.parse(response.body ?? '') as { access_token: string }).access_token;
    const [line = '', ...others] = started.lines;
    expect(others).toStrictEqual([]);
    expect(namesAndValues(line)).toMatchObject({ TokensIssued: 1 });
    for (const part of [...token.split('.'), secret, authorization]) expect(line).not.toContain(part);
  });
});

describe('line of the log', () => {
  test('names its service, stage and function, and the request by both of its ids', async () => {
    const [line = ''] = await linesOf(async () => failed(requestError('invalid_client')));
    expect(JSON.parse(line)).toMatchObject({
      event: 'request_refused',
      service: 'postern',
      stage: 'sandbox',
      function: 'unknown',
      requestId: 'r1',
      lambdaRequestId: 'l1',
    });
  });

  test('is one of a cold start until the first event is over', async () => {
    const { log, observe, parsed } = startedLog();
    log('WARN', { event: 'signing_keys_stale' });
    const handler = observe(async () => log('INFO', { event: 'token_issued' }));
    await handler({});
    await handler({});
    expect(parsed().map((line) => [line['cold_start'], line['ColdStarts']])).toStrictEqual([
      [true, undefined],
      [true, 1],
      [false, undefined],
    ]);
  });

  test('is one of a cold start no longer if the first event failed', async () => {
    const { log, observe, parsed } = startedLog();
    await expect(observe(() => Promise.reject(new Error('broken')))({})).rejects.toThrow('broken');
    log('WARN', { event: 'signing_keys_stale' });
    expect(parsed()).toMatchObject([{ cold_start: false }]);
    expect(parsed()[0]).not.toHaveProperty('lambdaRequestId');
  });

  test.each([
    [
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1',
      '1-5759e988-bd862e3fe1be46a994272793',
    ],
    ['Self=1-67;Root=1-5759e988-bd862e3fe1be46a994272793', '1-5759e988-bd862e3fe1be46a994272793'],
    ['Root=1-5759e988-secret', undefined],
    ['Root=1-5759e988-bd862e3fe1be46a994272793"}', undefined],
    [undefined, undefined],
  ])('has the trace id of its event, if it has the form of one: %s', async (header, traceId) => {
    const before = process.env['_X_AMZN_TRACE_ID'];
    afterThisTest(() => setTraceHeader(before));
    const { log, observe, parsed } = startedLog();
    setTraceHeader('Root=1-00000000-000000000000000000000000');
    await observe(async () => {
      setTraceHeader(header);
      log('INFO', { event: 'token_issued' });
    })({});
    expect(parsed()[0]?.['traceId']).toBe(traceId);
  });

  test('has its latency if it is the last one of its event', async () => {
    const { log, observe, parsed, time } = startedLog();
    time.milliseconds = 1_000;
    await observe(async () => {
      time.milliseconds += 12.3456;
      log('WARN', { event: 'secret_use_not_recorded' });
      log('INFO', { event: 'token_issued' });
    })({});
    expect(parsed().map((line) => line['Latency'])).toStrictEqual([undefined, 12.35]);
  });

  test('is written for an event that is served without one, and for no other', async () => {
    const served: RequestHandler = async () => ok({ statusCode: 304 });
    expect((await linesOf(served)).map((line) => JSON.parse(line) as Members)).toMatchObject([
      { level: 'INFO', event: 'request_completed', requestId: 'r1', status: 304, Latency: 0 },
    ]);
    expect((await linesOf(async () => failed(requestError('not_found')))).length).toBe(1);
  });
});

function setTraceHeader(header: string | undefined): void {
  if (header === undefined) delete process.env['_X_AMZN_TRACE_ID'];
  else process.env['_X_AMZN_TRACE_ID'] = header;
}
