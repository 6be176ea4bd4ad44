import { LocalFailure } from '../failure.ts';
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
  add(added: LocalFunction): void;
  /** Throws a LocalFailure for the first function that cannot be loaded, if functions are loaded when they are added. */
  started(): Promise<void>;
  permit(functionArn: string, permission: Permission): void;
  readonly invoke: InvokeFunction;
  all(): readonly LocalFunction[];
  close(): Promise<void>;
}

export interface FunctionsOptions {
  /** Whether a function is loaded when it is added, and not only for its first event. */
  readonly loadWhenAdded: boolean;
  /** Takes the reason why a function could not be loaded for an event. */
  readonly onLoadFailure: (reason: string) => void;
}

export function localFunctions({ loadWhenAdded, onLoadFailure }: FunctionsOptions): Functions {
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
      functions.set(added.settings.functionArn, added);
      if (!loadWhenAdded) return;
      const start = added.start();
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
      try {
        return await called.invoke(event);
      } catch (error) {
        if (error instanceof LocalFailure) onLoadFailure(error.message);
        throw error;
      }
    },
    all: () => [...functions.values()],
    async close() {
      await Promise.all([...functions.values()].map((one) => one.close()));
    },
  };
}
