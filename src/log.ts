import type { ErrorCode } from './errors.ts';

/**
 * All that a log line may say. A token, a secret, a raw event or a text that a client sent has no field here
 * to be put into.
 */
interface LogFields {
  readonly event: string;
  /** API Gateway's id of the request. */
  readonly requestId?: string;
  readonly status?: number;
  /** A client that is registered: what was only claimed is not logged. */
  readonly clientId?: string;
  readonly grantType?: string;
  readonly scope?: string;
  readonly error?: ErrorCode;
  /** Why, where clients must not know. */
  readonly reason?: string;
  /** Of an exception: its class and message, and where it was thrown. */
  readonly cause?: string;
  readonly stack?: string;
}

type Level = 'INFO' | 'WARN' | 'ERROR';

/** Writes one JSON line, with the members that Lambda's own JSON log format has. */
export function log(level: Level, fields: LogFields): void {
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, ...fields })}\n`);
}

/** What a log may say of something that was thrown. */
export function causeOf(thrown: unknown): { cause: string; stack?: string } {
  if (!(thrown instanceof Error)) return { cause: typeof thrown };
  const root = thrown.cause instanceof Error ? `: ${thrown.cause.name} ${thrown.cause.message}` : '';
  return {
    cause: `${thrown.name} ${thrown.message}${root}`,
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
  };
}
