import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { arn } from '../../local/identity.ts';
import type { FunctionSettings } from '../../local/lambda/function-settings.ts';
import { localFunctions } from '../../local/lambda/functions.ts';
import type { Functions, FunctionsOptions } from '../../local/lambda/functions.ts';
import { localFunction } from '../../local/lambda/local-function.ts';
import type { LocalFunction } from '../../local/lambda/local-function.ts';
import { workerRuntime } from '../../local/lambda/worker-runtime.ts';
import { afterThisTest } from '../after-this-test.ts';
import type { RegisterCleanup } from '../after-this-test.ts';

const runtime = workerRuntime();

/** A folder that is removed after the test, or by what `cleanUp` registers. */
export function temporaryFolder(cleanUp: RegisterCleanup = afterThisTest): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'));
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A function with this source text, closed after the test, or by what `cleanUp` registers. */
export function fixtureFunction(
  source: string,
  settings: Partial<FunctionSettings> = {},
  cleanUp: RegisterCleanup = afterThisTest,
): LocalFunction {
  const path = join(temporaryFolder(cleanUp), 'index.mjs');
  writeFileSync(path, source);
  const functionName = settings.functionName ?? 'fixture';
  const fixture = localFunction(
    {
      functionName,
      functionArn: arn('lambda', `function:${functionName}`),
      module: pathToFileURL(path).href,
      exportName: 'handler',
      environment: {},
      memorySize: 128,
      timeoutSeconds: 5,
      logGroupName: 'fixture-logs',
      log: () => {},
      ...settings,
    },
    runtime,
  );
  cleanUp(() => fixture.close());
  return fixture;
}

/** Functions by name, each with permission to be called by API Gateway and Secrets Manager. */
export function fixtureFunctions(
  sources: Readonly<Record<string, string>>,
  cleanUp: RegisterCleanup = afterThisTest,
  options: Partial<FunctionsOptions> = {},
): Functions {
  const functions = localFunctions({ loadWhenNeeded: false, onLoadFailure: () => {}, ...options });
  for (const [functionName, source] of Object.entries(sources)) {
    const fixture = fixtureFunction(source, { functionName }, cleanUp);
    functions.add(fixture);
    for (const service of ['apigateway', 'secretsmanager']) {
      functions.permit(fixture.settings.functionArn, {
        principal: `${service}.amazonaws.com`,
        sourceArn: undefined,
      });
    }
  }
  return functions;
}

export const fixtureArn = (functionName: string) => arn('lambda', `function:${functionName}`);
