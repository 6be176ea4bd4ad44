import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixtureArn, fixtureFunction, fixtureFunctions } from './fixture-function.ts';

test('gives a function its event, its context and exactly its environment', async (t) => {
  const fixture = fixtureFunction(
    t,
    `export const handler = async (event, context) => ({
       event, env: process.env, name: context.functionName, left: context.getRemainingTimeInMillis(), execArgv: process.execArgv });`,
    { environment: { STAGE: 'sandbox' } },
  );
  const { left, ...rest } = Object(await fixture.invoke({ hello: [1] }));
  assert.deepEqual(rest, {
    event: { hello: [1] },
    env: { STAGE: 'sandbox' },
    name: 'fixture',

    execArgv: [],
  });
  assert.ok(left > 4_000 && left <= 5_000);
});

test('keeps what a module remembers from one event to the next', async (t) => {
  const fixture = fixtureFunction(t, `let calls = 0; export const handler = async () => (calls += 1);`);
  assert.deepEqual([await fixture.invoke({}), await fixture.invoke({})], [1, 2]);
});

test('reports an error that a handler throws, and goes on', async (t) => {
  const lines: string[] = [];
  const fixture = fixtureFunction(
    t,
    `export const handler = async ({ bad }) => { if (bad) throw new RangeError('too much'); return 'good'; };`,
    { log: (line) => lines.push(line) },
  );
  await assert.rejects(fixture.invoke({ bad: true }), { errorType: 'RangeError', message: 'too much' });
  assert.equal(await fixture.invoke({}), 'good');
  assert.match(lines.join('\n'), /"level":"ERROR".*"errorType":"RangeError"/);
});

test('ends a function that runs out of time, even in an endless loop, and starts another', async (t) => {
  const fixture = fixtureFunction(
    t,
    `export const handler = async ({ loop }) => { while (loop) {} return 'back'; };`,
    { timeoutSeconds: 0.2 },
  );
  await assert.rejects(fixture.invoke({ loop: true }), { message: 'Task timed out after 0.20 seconds' });
  assert.equal(await fixture.invoke({}), 'back');
});

test('survives a function that exits or dies behind its answer', async (t) => {
  const fixture = fixtureFunction(
    t,
    `export const handler = async ({ how }) => {
       if (how === 'exit') process.exit(3);
       if (how === 'throw later') { setImmediate(() => { throw new Error('late'); }); await new Promise(() => {}); }
       return 'alive'; };`,
  );
  await assert.rejects(fixture.invoke({ how: 'exit' }), { errorType: 'Runtime.ExitError' });
  await assert.rejects(fixture.invoke({ how: 'throw later' }), { message: 'late' });
  assert.equal(await fixture.invoke({}), 'alive');
});

test('runs one event at a time in a worker, in at most four workers', async (t) => {
  const fixture = fixtureFunction(
    t,
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
  assert.equal(new Set(threads).size, 4);
});

test('says what is wrong with a broken bundle', async (t) => {
  const functions = fixtureFunctions(t, { broken: `import './gone.mjs'; export const handler = () => {};` });
  await assert.rejects(
    functions.started(),
    /^LocalFailure: The bundle of broken cannot be loaded: Error: Cannot find module/,
  );
  const other = fixtureFunctions(t, { other: `export const notHandler = 1;` });
  await assert.rejects(
    other.started(),
    /The bundle of other cannot be loaded: TypeError: it exports no function handler/,
  );
});

test('lets only those call a function that a permission names', async (t) => {
  const functions = fixtureFunctions(t, {});
  const fixture = fixtureFunction(t, `export const handler = async () => 'called';`);
  functions.add(fixture);
  functions.permit(fixtureArn('fixture'), {
    principal: 'apigateway.amazonaws.com',
    sourceArn: 'arn:api/*/*/token',
  });
  const call = (principal: string, sourceArn: string) =>
    functions.invoke(fixtureArn('fixture'), {}, { principal, sourceArn });
  assert.equal(await call('apigateway.amazonaws.com', 'arn:api/$default/POST/token'), 'called');
  await assert.rejects(call('apigateway.amazonaws.com', 'arn:api/$default/POST/revoke'), /has no permission/);
  await assert.rejects(
    call('secretsmanager.amazonaws.com', 'arn:api/$default/POST/token'),
    /has no permission/,
  );
});
