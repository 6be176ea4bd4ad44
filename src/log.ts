import type { ErrorCode } from './errors.ts';
import type { EventName } from './metrics.ts';
import { Unavailable } from './unavailable.ts';
import type { UnavailableService } from './unavailable.ts';

/**
 * Everything that a log line may contain. There is no field for a token, a secret, a raw event or a string that a
 * client sent.
 */
export interface LogFields {
  readonly event: EventName;
  /** API Gateway's id of the request. */
  readonly requestId?: string;
  readonly status?: number;
  /** A registered client. An id that was only claimed is not logged. */
  readonly clientId?: string;
  readonly grantType?: string;
  readonly scope?: string;
  readonly tokenKind?: 'jwt' | 'session';
  /** `jti` of a JWT. */
  readonly jti?: string;
  /** `kid` of the key that signed a JWT. */
  readonly kid?: string;
  /** Hash of a session token, which is in the item key of the session. It opens nothing. */
  readonly sessionId?: string;
  readonly error?: ErrorCode;
  /** Why the request was refused, where clients must not learn it. */
  readonly reason?: string;
  /** The service that could not be reached. */
  readonly unavailable?: UnavailableService;
  /** Seconds since the current signing key began to sign. */
  readonly signingKeyAge?: number;
  /** Class and message of an exception. */
  readonly cause?: string;
  readonly stack?: string;
}

type Level = 'INFO' | 'WARN' | 'ERROR';

/** Writes one line. Functions receive it as a parameter, so that tests can read what is logged. */
export type Log = (level: Level, fields: LogFields) => void;

export interface LineOutput {
  write(line: string): unknown;
}

/**
 * A log of JSON lines with the members of Lambda's own JSON log format.
 * @param addMembers adds what else a line has
 */
export const jsonLog =
  (output: LineOutput, addMembers?: (line: object, fields: LogFields, timestamp: number) => void): Log =>
  (level, fields) => {
    const now = Date.now();
    const line = { timestamp: new Date(now).toISOString(), level, ...fields };
    addMembers?.(line, fields, now);
    output.write(`${JSON.stringify(line)}\n`);
  };

/** What a log line may contain of a thrown value. */
export function causeOf(thrown: unknown): Pick<LogFields, 'cause' | 'stack' | 'unavailable'> {
  if (!(thrown instanceof Error)) return { cause: typeof thrown };
  const root = thrown.cause instanceof Error ? `: ${thrown.cause.name} ${thrown.cause.message}` : '';
  return {
    cause: `${thrown.name} ${thrown.message}${root}`,
    ...(thrown instanceof Unavailable && { unavailable: thrown.service }),
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
  };
}
