import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';
import { bundling } from '../../lib/constructs/bundling.ts';
import { inspectorRuntime } from '../../local/lambda/inspector-runtime.ts';
import { localFunction } from '../../local/lambda/local-function.ts';
import { afterThisFile } from '../after-this-test.ts';
import { attachDebugger } from './debugger.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-test-')));
const runtime = await inspectorRuntime(0);
afterThisFile(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

/** A function of a bundle that is made of `source`. */
function inspected(functionName: string, source: string, log: (line: string) => void = () => {}) {
  const entry = join(folder, `src/${functionName}.ts`);
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(entry, source);
  const outfile = join(folder, functionName, 'index.mjs');
  buildSync({ ...bundling, minify: false, entryPoints: [entry], outfile, sourcemap: 'linked' });
  return localFunction(
    {
      functionName,
      functionArn: `arn:${functionName}`,
      module: pathToFileURL(outfile).href,
      exportName: 'handler',
      environment: { NAME: functionName },
      memorySize: 128,
      timeoutSeconds: 0.1,
      logGroupName: 'logs',
      log,
    },
    runtime,
  );
}

describe('debugger of local functions', () => {
  test('listens on a loopback address', () => {
    expect(runtime.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\//);
  });

  test('stops at a breakpoint in a TypeScript source, and the function does not time out', async () => {
    const paused = inspected(
      'paused',
      `interface Event {
  readonly value: number;
}

export const handler = async ({ value }: Event) => {
  const doubled = value * 2;
  return doubled;
};
`,
    );
    await paused.start();
    const client = await attachDebugger(runtime.url);
    await client.send('Debugger.enable');
    await client.breakAt('paused/index.mjs', 'src/paused.ts', 7);
    const result = paused.invoke({ value: 21 });
    const { callFrames } = await client.next('Debugger.paused');
    const [{ callFrameId }] = callFrames as [{ callFrameId: string }];
    const evaluated = await client.send('Debugger.evaluateOnCallFrame', {
      callFrameId,
      expression: 'doubled',
    });
    expect(evaluated['result']).toStrictEqual({ type: 'number', value: 42, description: '42' });
    // Longer than the timeout of the function
    await new Promise((resolve) => setTimeout(resolve, 300));
    await client.send('Debugger.resume');
    expect(await result).toBe(42);
    client.close();
  });

  test('gives each function its own environment variables and its own log', async () => {
    const source = `export const handler = async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  console.log('printed by', process.env.NAME);
  return { ...process.env };
};
`;
    const lines: string[] = [];
    const one = inspected('one', source, (line) => lines.push(`one: ${line}`));
    const two = inspected('two', source, (line) => lines.push(`two: ${line}`));
    await Promise.all([one.start(), two.start()]);
    const results = await Promise.all([one.invoke({}), two.invoke({})]);
    expect(results).toStrictEqual([{ NAME: 'one' }, { NAME: 'two' }]);
    expect(lines.toSorted()).toStrictEqual(['one: printed by one', 'two: printed by two']);
  });

  test('lets a function that has exited run again', async () => {
    const fragile = inspected(
      'fragile',
      `export const handler = async ({ exit }: { exit?: boolean }) => (exit ? process.exit(3) : 'alive');`,
    );
    await fragile.start();
    await expect(fragile.invoke({ exit: true })).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(await fragile.invoke({})).toBe('alive');
  });
});
