import { LocalFailure } from '../failure.ts';
import { accountId, partition } from '../identity.ts';
import { newAccessKey } from './access-key.ts';
import type { AccessKey } from './access-key.ts';
import type { Statement } from './policy-document.ts';
import { matchesWildcard } from './wildcard.ts';

/** One action on one resource that a request needs permission for. */
export interface RequestedAction {
  /** `dynamodb:GetItem` */
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys: `{ 'dynamodb:LeadingKeys': [...] }`. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** Whether a caller may do something, and the error that AWS has where it may not. */
type Decision =
  { readonly allowed: true } | { readonly allowed: false; readonly type: string; readonly message: string };

/** A function, by its access key. */
interface Principal {
  readonly secretAccessKey: string;
  readonly roleName: string;
  readonly sessionName: string;
}

/** Roles with the statements of their policies, and the access keys of the functions that have these roles. */
export interface AccessControl {
  addStatements(roleName: string, statements: readonly Statement[]): void;
  /** Notes that a role has a policy that cannot be enforced, and why. */
  addUnenforceable(roleName: string, reason: string): void;
  /** Throws a LocalFailure if a function has a role whose policies cannot be enforced. */
  assertEnforceable(): void;
  /** A new access key for a function with this role. */
  accessKeyFor(functionName: string, roleName: string): AccessKey;
  /** The secret of an access key; undefined if the key is not of this run. */
  secretOf(accessKeyId: string): string | undefined;
  /** Decides whether the caller with this access key may do all of what it requests. */
  decide(accessKeyId: string, requested: readonly RequestedAction[]): Decision;
}

/** What the services need to decide about a request. */
export type RequestControl = Pick<AccessControl, 'secretOf' | 'decide'>;

/** @param operator the access key of whoever runs the stages: it may do everything */
export function localAccessControl(
  operator: AccessKey,
  onRefusal: (message: string) => void = () => {},
): AccessControl {
  const statementsOf = new Map<string, Statement[]>();
  const unenforceable = new Map<string, string>();
  const principals = new Map<string, Principal>();

  return {
    addStatements(roleName, statements) {
      statementsOf.set(roleName, [...(statementsOf.get(roleName) ?? []), ...statements]);
    },
    addUnenforceable(roleName, reason) {
      unenforceable.set(roleName, reason);
    },
    assertEnforceable() {
      for (const { roleName } of principals.values()) {
        const reason = unenforceable.get(roleName);
        if (reason !== undefined) throw new LocalFailure(reason);
      }
    },
    accessKeyFor(functionName, roleName) {
      const key = newAccessKey();
      const { accessKeyId, secretAccessKey } = key;
      principals.set(accessKeyId, { secretAccessKey, roleName, sessionName: functionName });
      return key;
    },
    secretOf: (accessKeyId) =>
      accessKeyId === operator.accessKeyId
        ? operator.secretAccessKey
        : principals.get(accessKeyId)?.secretAccessKey,
    decide(accessKeyId, requested) {
      if (accessKeyId === operator.accessKeyId) return { allowed: true };
      const principal = principals.get(accessKeyId);
      if (!principal) {
        return {
          allowed: false,
          type: 'UnrecognizedClientException',
          message: 'The security token included in the request is invalid.',
        };
      }
      const statements = statementsOf.get(principal.roleName) ?? [];
      for (const one of requested) {
        const covering = statements.filter((statement) => covers(statement, one));
        const denied = covering.some(({ Effect }) => Effect === 'Deny');
        if (covering.length > 0 && !denied) continue;
        const message = refusal(principal, one, denied);
        onRefusal(message);
        return { allowed: false, type: 'AccessDeniedException', message };
      }
      return { allowed: true };
    },
  };
}

function covers(statement: Statement, { action, resource, context }: RequestedAction): boolean {
  return (
    // Actions are compared without regard to case, ARNs with it.
    statement.Action.some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase())) &&
    statement.Resource.some((pattern) => matchesWildcard(pattern, resource)) &&
    Object.entries(statement.Condition).every(([operator, keys]) =>
      Object.entries(keys ?? {}).every(([key, patterns]) =>
        holds(operator, patterns ?? [], context?.[key] ?? []),
      ),
    )
  );
}

function holds(operator: string, patterns: readonly string[], values: readonly string[]): boolean {
  const matches = (value: string) =>
    patterns.some((pattern) =>
      operator.endsWith('StringLike') ? matchesWildcard(pattern, value) : pattern === value,
    );
  // As in AWS, `ForAllValues` holds for a request that has no value at all: a `Scan` names no leading key.
  return operator.startsWith('ForAllValues:') ? values.every(matches) : values.some(matches);
}

function refusal(
  { roleName, sessionName }: Principal,
  { action, resource, context }: RequestedAction,
  denied: boolean,
) {
  const user = `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`;
  const values = Object.entries(context ?? {}).map(([key, value]) => ` with ${key} ${JSON.stringify(value)}`);
  const why = denied
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;
  return `User: ${user} is not authorized to perform: ${action} on resource: ${resource}${values.join('')} ${why}`;
}
