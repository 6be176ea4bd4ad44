import { causeOf, LocalFailure } from '../failure.ts';
import { matchesWildcard } from '../iam/wildcard.ts';
import { FunctionError } from './function-error.ts';
import type { LocalFunction } from './local-function.ts';

/** Permission of a service to call a function: `AWS::Lambda::Permission`. */
interface Permission {
  readonly principal: string;
  /** ARN pattern of what the service calls for; anything where there is none. */
  readonly sourceArn: string | undefined;
}

/** Who calls a function, as its permissions name it. */
interface Caller {
  readonly principal: string;
  readonly sourceArn: string;
}

/** Calls a function for a service, which must have a permission to. */
export type InvokeFunction = (functionArn: string, event: unknown, caller: Caller) => Promise<unknown>;

/** All functions of all stages, by ARN, with the permissions to call them. */
export interface Functions {
  /** The function's code loads while the resources after it are created; `started` tells the result. */
  add(added: LocalFunction): void;
  started(): Promise<void>;
  permit(functionArn: string, permission: Permission): void;
  readonly invoke: InvokeFunction;
  all(): readonly LocalFunction[];
  close(): Promise<void>;
}

export function localFunctions(): Functions {
  const functions = new Map<string, LocalFunction>();
  const permissions = new Map<string, Permission[]>();
  const starts: Promise<void>[] = [];

  const isPermitted = (functionArn: string, { principal, sourceArn }: Caller) =>
    (permissions.get(functionArn) ?? []).some(
      (permission) =>
        permission.principal === principal &&
        (permission.sourceArn === undefined || matchesWildcard(permission.sourceArn, sourceArn)),
    );

  return {
    add(added) {
      const { functionArn, functionName } = added.settings;
      functions.set(functionArn, added);
      const start = added.start().catch((error: unknown) => {
        throw new LocalFailure(`The bundle of ${functionName} cannot be loaded: ${causeOf(error)}`, {
          cause: error,
        });
      });
      start.catch(() => {});
      starts.push(start);
    },
    async started() {
      await Promise.all(starts);
    },
    permit(functionArn, permission) {
      permissions.set(functionArn, [...(permissions.get(functionArn) ?? []), permission]);
    },
    async invoke(functionArn, event, caller) {
      const called = functions.get(functionArn);
      if (!called) throw new FunctionError('ResourceNotFoundException', `Function not found: ${functionArn}`);
      if (!isPermitted(functionArn, caller)) {
        throw new FunctionError(
          'AccessDeniedException',
          `${caller.principal} has no permission to call ${called.settings.functionName} for ${caller.sourceArn}`,
        );
      }
      return called.invoke(event);
    },
    all: () => [...functions.values()],
    async close() {
      await Promise.all([...functions.values()].map((one) => one.close()));
    },
  };
}
