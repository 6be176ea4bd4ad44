import { Duration } from 'aws-cdk-lib';
import type { ErrorCode } from '../../src/errors.ts';

/** What the alarms of a stage compare with. Every period is five minutes. */
export interface MonitoringThresholds {
  /**
   * Responses of the HTTP API with a status of 5xx, in percent of its requests.
   * @default 1
   */
  readonly apiServerErrorPercent?: number;
  /**
   * Requests in five minutes below which the percentage means nothing and raises no alarm.
   * @default 20
   */
  readonly apiMinimumRequests?: number;
  /**
   * 99th percentile of the latency of the HTTP API, in milliseconds.
   * @default 2000
   */
  readonly apiLatencyMilliseconds?: number;
  /**
   * Events in five minutes that a function did not handle: it crashed, timed out, or could not decide. Requests that it
   * answers with an error are not among them.
   * @default 1
   */
  readonly functionErrors?: number;
  /**
   * Events in five minutes that Lambda refused, because the account or the function ran at its concurrency.
   * @default 1
   */
  readonly functionThrottles?: number;
  /**
   * 99th percentile of the duration of a function, in percent of its timeout.
   * @default 80
   */
  readonly functionDurationPercent?: number;
  /**
   * Timeout of functions that were not created in this app.
   * @default Duration.seconds(10)
   */
  readonly importedFunctionTimeout?: Duration;
  /**
   * Reads and writes of a table that DynamoDB throttled in five minutes, retries included.
   * @default 10
   */
  readonly tableThrottles?: number;
  /**
   * Responses of DynamoDB with a status of 5xx in five minutes, for each table.
   * @default 5
   */
  readonly tableSystemErrors?: number;
  /**
   * Refused requests in five minutes, by the code of the error. A code that is left out has no alarm. What is normal
   * depends on the partners: raise a number that their programs reach every day.
   * @default defaultRefusals
   */
  readonly refusals?: RefusalThresholds;
  /**
   * Age of the key that signs, in days: the rotation interval of the stage, and some days for a rotation that is
   * repeated or waits for its date.
   * @default 33, for a rotation every 30 days
   */
  readonly signingKeyAgeDays?: number;
  /**
   * Steps of a rotation in five minutes that failed.
   * @default 1
   */
  readonly rotationsFailed?: number;
  /**
   * Events in five minutes that found Secrets Manager unavailable.
   * @default 3
   */
  readonly secretsManagerFaults?: number;
}

/** Errors that a client causes. */
export type RefusalThresholds = Readonly<Partial<Record<ErrorCode, number>>>;

/** Guessed credentials, stolen tokens and misuse; the errors of a program that is only wrong are not among them. */
export const defaultRefusals = {
  invalid_client: 100,
  invalid_grant: 100,
  origin_not_allowed: 100,
  invalid_dpop_proof: 50,
  resource_dpop_proof: 50,
  invalid_token: 500,
  insufficient_scope: 200,
  token_of_another_client: 10,
  introspection_not_allowed: 10,
} as const satisfies RefusalThresholds;

export const defaultThresholds: Required<MonitoringThresholds> = {
  apiServerErrorPercent: 1,
  apiMinimumRequests: 20,
  apiLatencyMilliseconds: 2_000,
  functionErrors: 1,
  functionThrottles: 1,
  functionDurationPercent: 80,
  importedFunctionTimeout: Duration.seconds(10),
  tableThrottles: 10,
  tableSystemErrors: 5,
  refusals: defaultRefusals,
  signingKeyAgeDays: 33,
  rotationsFailed: 1,
  secretsManagerFaults: 3,
};
