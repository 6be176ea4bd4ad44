import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { fixtureArn, fixtureFunction, fixtureFunctions } from './fixture-function.ts';

test('gives a function its event, its context and exactly its environment', async () => {
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
  assert.ok(left > 4_000 && left <= 5_000);
});

test('keeps what a module remembers from one event to the next', async () => {
  const fixture = fixtureFunction(`let calls = 0; export const handler = async () => (calls += 1);`);
  expect([await fixture.invoke({}), await fixture.invoke({})]).toStrictEqual([1, 2]);
});

test('reports an error that a handler throws, and goes on', async () => {
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

test('ends a function that runs out of time, even in an endless loop, and starts another', async () => {
  const fixture = fixtureFunction(
    `export const handler = async ({ loop }) => { while (loop) {} return 'back'; };`,
    { timeoutSeconds: 0.2 },
  );
  await expect(fixture.invoke({ loop: true })).rejects.toMatchObject({
    message: 'Task timed out after 0.20 seconds',
  });
  expect(await fixture.invoke({})).toBe('back');
});

test('survives a function that exits or dies behind its answer', async () => {
  const fixture = fixtureFunction(
    `export const handler = async ({ how }) => {
       if (how === 'exit') process.exit(3);
       if (how === 'throw later') { setImmediate(() => { throw new Error('late'); }); await new Promise(() => {}); }
       return 'alive'; };`,
  );
  await expect(fixture.invoke({ how: 'exit' })).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
  await expect(fixture.invoke({ how: 'throw later' })).rejects.toMatchObject({ message: 'late' });
  expect(await fixture.invoke({})).toBe('alive');
});

test('runs one event at a time in a worker, in at most four workers', async () => {
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

test('says what is wrong with a broken bundle', async () => {
  const functions = fixtureFunctions({ broken: `import './gone.mjs'; export const handler = () => {};` });
  await expect(functions.started()).rejects.toThrow(
    /^The bundle of broken cannot be loaded: Error: Cannot find module/,
  );
  const other = fixtureFunctions({ other: `export const notHandler = 1;` });
  await expect(other.started()).rejects.toThrow(
    /The bundle of other cannot be loaded: TypeError: it exports no function handler/,
  );
});

test('lets only those call a function that a permission names', async () => {
  const functions = fixtureFunctions({});
  const fixture = fixtureFunction(`export const handler = async () => 'called';`);
  functions.add(fixture);
  functions.permit(fixtureArn('fixture'), {
    principal: 'apigateway.amazonaws.com',
    sourceArn: 'arn:api/*/*/token',
  });
  const call = (principal: string, sourceArn: string) =>
    functions.invoke(fixtureArn('fixture'), {}, { principal, sourceArn });
  expect(await call('apigateway.amazonaws.com', 'arn:api/$default/POST/token')).toBe('called');
  await expect(call('apigateway.amazonaws.com', 'arn:api/$default/POST/revoke')).rejects.toThrow(
    /has no permission/,
  );
  await expect(call('secretsmanager.amazonaws.com', 'arn:api/$default/POST/token')).rejects.toThrow(
    /has no permission/,
  );
});
