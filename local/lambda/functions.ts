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

/** Why the code of a function does not run on this machine. */
export interface Obstacle {
  /** Another runtime, which this machine does not have; or code that is not there, or not in a form that runs here. */
  readonly kind: 'runtime' | 'code';
  readonly reason: string;
}

/** All functions of all stages, by ARN, with the permissions to call them. */
export interface Functions {
  add(added: LocalFunction): void;
  /** Adds a function whose code does not run. */
  addWithObstacle(functionArn: string, obstacle: Obstacle): void;
  /** Makes the ARN of a version or an alias call the same function as `functionArn`. */
  addQualified(qualifiedArn: string, functionArn: string): void;
  /** Whether there is a function, version or alias with this ARN. */
  has(functionArn: string): boolean;
  obstacleOf(functionArn: string): Obstacle | undefined;
  /** Says that requests depend on a function, which is loaded at once if functions are not loaded for their first event. */
  need(functionArn: string): void;
  /** Throws a LocalFailure for the first function that is needed and cannot be loaded. */
  started(): Promise<void>;
  permit(functionArn: string, permission: Permission): void;
  readonly invoke: InvokeFunction;
  all(): readonly LocalFunction[];
  close(): Promise<void>;
}

export interface FunctionsOptions {
  /** Whether a function is loaded when it is needed, and not only for its first event. */
  readonly loadWhenNeeded: boolean;
  /** Takes the reason why a function could not be loaded for an event. */
  readonly onLoadFailure: (reason: string) => void;
}

export function localFunctions({ loadWhenNeeded, onLoadFailure }: FunctionsOptions): Functions {
  const functions = new Map<string, LocalFunction>();
  const obstacles = new Map<string, Obstacle>();
  /** ARNs of functions by those of their versions and aliases. */
  const unqualified = new Map<string, string>();
  const permissions = new Map<string, Permission[]>();
  const starts = new Map<LocalFunction, Promise<void>>();

  const isPermitted = (functionArn: string, { principal, sourceArn }: Caller) =>
    (permissions.get(functionArn) ?? []).some(
      (permission) =>
        permission.principal === principal &&
        (permission.sourceArn === undefined || matchesWildcard(permission.sourceArn, sourceArn)),
    );

  const resolved = (functionArn: string) => unqualified.get(functionArn) ?? functionArn;

  return {
    addWithObstacle: (functionArn, obstacle) => void obstacles.set(functionArn, obstacle),
    addQualified: (qualifiedArn, functionArn) => void unqualified.set(qualifiedArn, resolved(functionArn)),
    has: (functionArn) => functions.has(resolved(functionArn)) || obstacles.has(resolved(functionArn)),
    obstacleOf: (functionArn) => obstacles.get(resolved(functionArn)),
    add: (added) => void functions.set(added.settings.functionArn, added),
    need(functionArn) {
      const needed = functions.get(resolved(functionArn));
      if (!loadWhenNeeded || !needed || starts.has(needed)) return;
      const start = needed.start();
      start.catch(() => {});
      starts.set(needed, start);
    },
    async started() {
      await Promise.all(starts.values());
    },
    permit(functionArn, permission) {
      permissions.set(functionArn, [...(permissions.get(functionArn) ?? []), permission]);
    },
    async invoke(functionArn, event, caller) {
      // A permission to call the function is none to call its versions and aliases, and the reverse.
      const called = functions.get(resolved(functionArn));
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
