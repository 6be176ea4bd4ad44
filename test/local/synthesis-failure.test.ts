import { describe, expect, test } from '@jest/globals';
import { synthesisFailure } from '../../local/synthesis-failure.ts';

const folder = '/project';

describe('message of a failed synthesis', () => {
  test('of an exception names the file and line in the project, and the whole message', () => {
    const output = `/project/lib/stateless-stack.ts:57
    throw new Error('the gate is\\nshut');
          ^


Error: the gate is
shut
    at new Node (/project/node_modules/constructs/src/construct.ts:94:18)
    at new StatelessStack (/project/lib/stateless-stack.ts:57:11)
    at new AuthStage (/project/lib/auth-stage.ts:18:22)
    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)

Node.js v20.20.2
`;
    expect(synthesisFailure({ output, folder })).toBe('lib/stateless-stack.ts:57: the gate is shut');
  });

  test('of an exception of another class names the class', () => {
    const output = `TypeError: Cannot read properties of undefined (reading 'x')
    at file:///project/bin/postern-app.ts:7:30
`;
    expect(synthesisFailure({ output, folder })).toBe(
      "bin/postern-app.ts:7: TypeError: Cannot read properties of undefined (reading 'x')",
    );
  });

  test('of a property that is not valid names the construct that the CDK relates it to', () => {
    const output = `node:internal/modules/run_main:123
    triggerUncaughtException(
    ^

«RepresentBetween21600Seconds» \`maximumEventAge\` must represent a \`Duration\` that is between 60 and 21600 seconds.
    ...new Function2 in aws-cdk-lib...
    at new NodeFunction (/project/lib/constructs/node-function.ts:30:5)
    at StatelessStack.tokenEndpoint (/project/lib/stateless-stack.ts:88:21)
Relates to construct:
    <.> (aws-cdk-lib.App)
     └─ Sandbox (aws-cdk-lib.Stage)
         └─ Stateless (aws-cdk-lib.Stack)

Node.js v20.20.2
`;
    expect(synthesisFailure({ output, folder })).toBe(
      'lib/constructs/node-function.ts:30: Sandbox/Stateless: `maximumEventAge` must represent a `Duration` that is between 60 and 21600 seconds.',
    );
  });

  test('of several syntax errors in functions has a line for each', () => {
    const output = `✘ [ERROR] Expected "as" but found "="

    lambda/token/handler.ts:4:6:
      4 │ const = 5;
        │       ^

✘ [ERROR] Could not resolve "./gone.ts"

    src/http/body.ts:1:25:
      1 │ import { gone } from './gone.ts';

Error: Build failed with 2 errors:
lambda/token/handler.ts:4:6: ERROR: Expected "as" but found "="
src/http/body.ts:1:25: ERROR: Could not resolve "./gone.ts"
    at failureErrorWithLog (/project/node_modules/esbuild/lib/main.js:1752:15)
`;
    expect(synthesisFailure({ output, folder })).toBe(
      'lambda/token/handler.ts:4:6: Expected "as" but found "="\nsrc/http/body.ts:1:25: Could not resolve "./gone.ts"',
    );
  });

  test('of a syntax error in the CDK app names the file and line', () => {
    const output = `Error [TransformError]: Transform failed with 1 error:
/project/lib/stages.ts:4:6: ERROR: Expected identifier but found "="
    at failureErrorWithLog (/project/node_modules/esbuild/lib/main.js:1752:15)
`;
    expect(synthesisFailure({ output, folder })).toBe('lib/stages.ts:4:6: Expected identifier but found "="');
  });

  describe('of a finding of cdk-nag', () => {
    const output = `«ValidationFailed» Validation failed. A copy of this report can be found in: ../out/validation-report.json
    ...App.synth in aws-cdk-lib...
    at <anonymous> (/project/bin/postern-app.ts:11:5)
`;

    test('names its construct and its rule', () => {
      const violation = {
        ruleName: 'AwsSolutions-SMG4',
        description: 'The secret does not have automatic rotation scheduled.',
        violatingConstructs: [
          {
            constructPath: 'Sandbox/Stateful/SigningKeys/Resource',
            stackTraces: [
              '...new Secret2 in aws-cdk-lib...\nnew StatefulStack (/project/lib/stateful-stack.ts:39:24)\n...node internals...',
            ],
          },
        ],
      };
      const report = JSON.stringify({
        pluginReports: [{ pluginName: 'AwsSolutions', violations: [violation] }],
      });
      expect(synthesisFailure({ output, report, folder })).toBe(
        'lib/stateful-stack.ts:39: Sandbox/Stateful/SigningKeys/Resource: AwsSolutions-SMG4: The secret does not have automatic rotation scheduled.',
      );
    });

    test('is the message of the CDK without a report', () => {
      expect(synthesisFailure({ output, folder })).toBe(
        'bin/postern-app.ts:11: Validation failed. A copy of this report can be found in: ../out/validation-report.json',
      );
    });
  });

  test('of an app with any other output is the last line of it', () => {
    expect(synthesisFailure({ output: 'one\ntwo\n\n', folder })).toBe('two');
  });

  test('of an app without output is undefined', () => {
    expect(synthesisFailure({ output: '', folder })).toBeUndefined();
  });
});
