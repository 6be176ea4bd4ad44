import type { ErrorCode } from './errors.ts';

/**
 * Everything that a log line may contain. There is no field for a token, a secret, a raw event or a string that a
 * client sent.
 */
export interface LogFields {
  readonly event: string;
  /** API Gateway's id of the request. */
  readonly requestId?: string;
  readonly status?: number;
  /** A registered client. An id that was only claimed is not logged. */
  readonly clientId?: string;
  readonly grantType?: string;
  readonly scope?: string;
  readonly error?: ErrorCode;
  /** Why the request was refused, where clients must not learn it. */
  readonly reason?: string;
  /** Class and message of an exception. */
  readonly cause?: string;
  readonly stack?: string;
}

type Level = 'INFO' | 'WARN' | 'ERROR';

/** Writes one line. Functions receive it as a parameter, so that tests can read what is logged. */
export type Log = (level: Level, fields: LogFields) => void;

/** A log of JSON lines with the members of Lambda's own JSON log format. */
export const jsonLog =
  (output: { write(line: string): unknown }): Log =>
  (level, fields) => {
    output.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, ...fields })}\n`);
  };

/** What a log line may contain of a thrown value. */
export function causeOf(thrown: unknown): { cause: string; stack?: string } {
  if (!(thrown instanceof Error)) return { cause: typeof thrown };
  const root = thrown.cause instanceof Error ? `: ${thrown.cause.name} ${thrown.cause.message}` : '';
  return {
    cause: `${thrown.name} ${thrown.message}${root}`,
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
  };
}
