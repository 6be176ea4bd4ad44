import { causeOf, LocalFailure } from '../failure.ts';
import { matchesWildcard } from '../iam/wildcard.ts';
import { FunctionError } from './function-error.ts';
import type { LocalFunction } from './local-function.ts';

/** Leave of a service to call a function: `AWS::Lambda::Permission`. */
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

/** All functions of all stages, by ARN, with the permissions to call them. */
export class Functions {
  readonly #functions = new Map<string, LocalFunction>();
  readonly #permissions = new Map<string, Permission[]>();
  readonly #starts: Promise<void>[] = [];

  /** The function's code loads while the resources after it are created; `started` says how that went. */
  add(added: LocalFunction): void {
    const { functionArn, functionName } = added.settings;
    this.#functions.set(functionArn, added);
    const start = added.start().catch((error: unknown) => {
      throw new LocalFailure(`The bundle of ${functionName} is broken: ${causeOf(error)}`, { cause: error });
    });
    start.catch(() => {});
    this.#starts.push(start);
  }

  async started(): Promise<void> {
    await Promise.all(this.#starts);
  }

  permit(functionArn: string, permission: Permission): void {
    this.#permissions.set(functionArn, [...(this.#permissions.get(functionArn) ?? []), permission]);
  }

  /** Calls a function for a service, which must have a permission to. */
  async invoke(functionArn: string, event: unknown, caller: Caller): Promise<unknown> {
    const called = this.#functions.get(functionArn);
    if (!called) throw new FunctionError('ResourceNotFoundException', `Function not found: ${functionArn}`);
    if (!this.#mayCall(functionArn, caller)) {
      throw new FunctionError(
        'AccessDeniedException',
        `${caller.principal} has no permission to call ${called.settings.functionName} for ${caller.sourceArn}`,
      );
    }
    return called.invoke(event);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#functions.values()].map((one) => one.close()));
  }

  #mayCall(functionArn: string, { principal, sourceArn }: Caller): boolean {
    return (this.#permissions.get(functionArn) ?? []).some(
      (permission) =>
        permission.principal === principal &&
        (permission.sourceArn === undefined || matchesWildcard(permission.sourceArn, sourceArn)),
    );
  }
}
