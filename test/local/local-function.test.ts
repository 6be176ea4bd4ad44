import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Functions } from '../../local/lambda/functions.ts';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
import { fixtureArn, fixtureFunction, fixtureFunctions, temporaryFolder } from './fixture-function.ts';

describe('local function', () => {
  test('has its event, its context and exactly its environment', async () => {
    const fixture = fixtureFunction(
      `export const handler = async (event, context) => ({
         event, env: process.env, name: context.functionName, left: context.getRemainingTimeInMillis(), execArgv: process.execArgv });`,
      { environment: { STAGE: 'sandbox' } },
    );
    const { left, ...rest } = Object(await fixture.invoke({ hello: [1] }));
    expect(rest).toStrictEqual({
      event: { hello: [1] },
      env: { STAGE: 'sandbox' },
      name: 'fixture',
      execArgv: [],
    });
    expect(left).toBeGreaterThan(4_000);
    expect(left).toBeLessThanOrEqual(5_000);
  });

  test('keeps the state of its module from one event to the next', async () => {
    const fixture = fixtureFunction(`let calls = 0; export const handler = async () => (calls += 1);`);
    expect([await fixture.invoke({}), await fixture.invoke({})]).toStrictEqual([1, 2]);
  });

  test('reports and logs an error that the handler throws, and handles the next event', async () => {
    const lines: string[] = [];
    const fixture = fixtureFunction(
      `export const handler = async ({ bad }) => { if (bad) throw new RangeError('too much'); return 'good'; };`,
      { log: (line) => lines.push(line) },
    );
    await expect(fixture.invoke({ bad: true })).rejects.toMatchObject({
      errorType: 'RangeError',
      message: 'too much',
    });
    expect(await fixture.invoke({})).toBe('good');
    expect(lines.join('\n')).toMatch(/"level":"ERROR".*"errorType":"RangeError"/);
  });

  test('times out even in an endless loop, and handles the next event', async () => {
    const fixture = fixtureFunction(
      `export const handler = async ({ loop }) => { while (loop) {} return 'back'; };`,
      { timeoutSeconds: 0.2 },
    );
    await expect(fixture.invoke({ loop: true })).rejects.toMatchObject({
      message: 'Task timed out after 0.20 seconds',
    });
    expect(await fixture.invoke({})).toBe('back');
  });

  test.each([
    ['exits', 'process.exit(3);', { errorType: 'Runtime.ExitError' }],
    [
      'throws outside of its handler',
      `setImmediate(() => { throw new Error('late'); }); await new Promise(() => {});`,
      { message: 'late' },
    ],
  ])('that %s fails, and handles the next event', async (_, statements, error) => {
    const fixture = fixtureFunction(
      `export const handler = async ({ fail }) => { if (fail) { ${statements} } return 'alive'; };`,
    );
    await expect(fixture.invoke({ fail: true })).rejects.toMatchObject(error);
    expect(await fixture.invoke({})).toBe('alive');
  });

  test('handles one event at a time in each of at most four workers', async () => {
    const fixture = fixtureFunction(
      `import { threadId } from 'node:worker_threads';
       let busy = false;
       export const handler = async () => {
         if (busy) throw new Error('two at once');
         busy = true;
         await new Promise((resolve) => setTimeout(resolve, 20));
         busy = false;
         return threadId; };`,
    );
    const threads = await Promise.all(Array.from({ length: 12 }, () => fixture.invoke({})));
    expect(new Set(threads).size).toBe(4);
  });

  test('is loaded for its first event, not before', async () => {
    const folder = temporaryFolder();
    const fixture = fixtureFunction(
      `import { writeFileSync } from 'node:fs';
       writeFileSync(${JSON.stringify(join(folder, 'loaded'))}, '');
       export const handler = async () => 'called';`,
    );
    expect(readdirSync(folder)).toStrictEqual([]);
    await fixture.invoke({});
    expect(readdirSync(folder)).toStrictEqual(['loaded']);
  });

  test('that could not be loaded is loaded again for the next event', async () => {
    const folder = temporaryFolder();
    const missing = join(folder, 'missing.mjs');
    const fixture = fixtureFunction(
      `import ${JSON.stringify(missing)}; export const handler = async () => 'called';`,
    );
    await expect(fixture.invoke({})).rejects.toThrow('Cannot find module');
    writeFileSync(missing, '');
    expect(await fixture.invoke({})).toBe('called');
  });
});

describe('local function whose bundle cannot be loaded', () => {
  const broken = [
    [
      'imports a missing module',
      `import './gone.mjs'; export const handler = () => {};`,
      /^The bundle of broken cannot be loaded: Error: Cannot find module/,
    ],
    [
      'exports no handler',
      `export const notHandler = 1;`,
      /^The bundle of broken cannot be loaded: TypeError: it exports no function handler/,
    ],
  ] as const;

  test.each(broken)(
    'because it %s fails its event, and the reason is printed',
    async (_, source, message) => {
      const printed: string[] = [];
      const functions = fixtureFunctions({ broken: source }, afterThisTest, {
        onLoadFailure: (reason) => printed.push(reason),
      });
      const caller = { principal: 'apigateway.amazonaws.com', sourceArn: 'any' };
      await expect(functions.invoke(fixtureArn('broken'), {}, caller)).rejects.toThrow(message);
      expect(printed).toStrictEqual([expect.stringMatching(message)]);
    },
  );

  test.each(broken)(
    'because it %s fails the start, if functions are loaded then',
    async (_, source, message) => {
      const functions = fixtureFunctions({ broken: source }, afterThisTest, { loadWhenNeeded: true });
      await functions.started();
      functions.need(fixtureArn('broken'));
      await expect(functions.started()).rejects.toThrow(message);
    },
  );
});

describe('resource policy of a local function', () => {
  let functions: Functions;
  const call = (principal: string, sourceArn: string) =>
    functions.invoke(fixtureArn('fixture'), {}, { principal, sourceArn });
  beforeAll(() => {
    functions = fixtureFunctions({}, afterThisFile);
    functions.add(fixtureFunction(`export const handler = async () => 'called';`, {}, afterThisFile));
    functions.permit(fixtureArn('fixture'), {
      principal: 'apigateway.amazonaws.com',
      sourceArn: 'arn:api/*/*/token',
    });
  });

  test('allows the principal and the source that a permission names', async () => {
    expect(await call('apigateway.amazonaws.com', 'arn:api/$default/POST/token')).toBe('called');
  });

  test.each([
    ['another source', 'apigateway.amazonaws.com', 'arn:api/$default/POST/revoke'],
    ['another principal', 'secretsmanager.amazonaws.com', 'arn:api/$default/POST/token'],
  ])('denies %s', async (_, principal, sourceArn) => {
    await expect(call(principal, sourceArn)).rejects.toThrow(/has no permission/);
  });
});
