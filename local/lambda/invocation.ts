import { randomUUID } from 'node:crypto';
import { FunctionError } from './function-error.ts';
import type { FunctionSettings } from './function-settings.ts';
import type { EnvironmentMessage, Invocation } from './messages.ts';

/** The event with the context of its invocation, which has until `deadline`. */
export function invocationOf(settings: FunctionSettings, event: unknown, deadline: number): Invocation {
  const { functionName, functionArn, logGroupName, memorySize } = settings;
  return {
    event: JSON.stringify(event),
    context: {
      functionName,
      functionVersion: '$LATEST',
      invokedFunctionArn: functionArn,
      memoryLimitInMB: String(memorySize),
      awsRequestId: randomUUID(),
      logGroupName,
      logStreamName: 'local',
    },
    deadline,
  };
}

/** Takes what an environment is waited for: that it is ready, or the result of an invocation. */
export interface Waiting {
  readonly settle: (message: EnvironmentMessage) => void;
  readonly fail: (error: Error) => void;
}

/** Waits until what `begin` is given has been settled or has failed. */
export function waitFor(begin: (waiting: Waiting) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (message: EnvironmentMessage) => {
      if (message.kind === 'broken') {
        reject(new FunctionError('Runtime.ImportModuleError', message.message));
      } else if (message.kind === 'error') {
        reject(new FunctionError(message.errorType, message.errorMessage));
      } else {
        const payload = message.kind === 'result' ? message.payload : undefined;
        resolve(payload === undefined ? null : JSON.parse(payload));
      }
    };
    begin({ settle, fail: reject });
  });
}
