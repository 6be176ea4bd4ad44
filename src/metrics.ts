import { errorTable } from './errors.ts';
import type { ErrorCode } from './errors.ts';

/** The CloudWatch namespace of the metrics that functions log. */
export const metricNamespace = 'Postern';

/** `service` of every log line, which is also a dimension. */
export const serviceName = 'postern';

/**
 * What a metric is counted for: the whole stage, or each function. Each combination of values of its dimensions is a
 * metric of its own at $0.30 a month. Client ids are therefore members of the line for Logs Insights, and never
 * dimensions: a thousand partners would be thousands of metrics. A metric is in one of the two sets only, because a
 * second one would double its cost.
 */
export const dimensionSets = {
  stage: ['service', 'stage'],
  function: ['service', 'stage', 'function'],
} as const;

interface MetricDefinition {
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds';
  readonly per: keyof typeof dimensionSets;
}

/** The metrics with one name each. The others are those of error codes. */
export const metrics = {
  TokensIssued: { unit: 'Count', per: 'stage' },
  TokensRevoked: { unit: 'Count', per: 'stage' },
  SessionsOpened: { unit: 'Count', per: 'stage' },
  CallersAllowed: { unit: 'Count', per: 'stage' },
  CallersDenied: { unit: 'Count', per: 'stage' },
  /** Seconds since the current signing key began to sign. */
  SigningKeyAge: { unit: 'Seconds', per: 'stage' },
  RotationsFinished: { unit: 'Count', per: 'stage' },
  RotationsFailed: { unit: 'Count', per: 'stage' },
  /** Events that found Secrets Manager unavailable, whether or not the keys in memory were enough. */
  SecretsManagerFaults: { unit: 'Count', per: 'stage' },
  /** From the start of an event to the line that ends it. */
  Latency: { unit: 'Milliseconds', per: 'function' },
  ColdStarts: { unit: 'Count', per: 'function' },
} as const satisfies Record<string, MetricDefinition>;

/** Counts the responses with an error of `errorTable`: those that the client, and those that the server, caused. */
export type ErrorMetricName = `${'Refused' | 'Failed'}_${ErrorCode}`;
export type MetricName = keyof typeof metrics | ErrorMetricName;

interface EventMetrics {
  /** Metrics that each line of this event adds 1 to. */
  readonly counts?: readonly (keyof typeof metrics)[];
  /** The metric of the line's `error` that is counted too. */
  readonly errors?: 'Refused' | 'Failed';
  /** The last line of an invocation, which has its latency. A function writes one of them for each. */
  readonly last?: true;
}

/** Every event that is logged, and which metrics a line of it has. */
export const events = {
  token_issued: { counts: ['TokensIssued'], last: true },
  token_revoked: { counts: ['TokensRevoked'], last: true },
  token_unknown: { last: true },
  session_opened: { counts: ['SessionsOpened'], last: true },
  session_key_created: { last: true },
  session_key_renamed: { last: true },
  session_key_secret_regenerated: { last: true },
  session_key_deleted: { last: true },
  session_key_deleted_with_sessions: { last: true },
  /** Any other request that was served. */
  request_completed: { last: true },
  request_refused: { errors: 'Refused', last: true },
  /** The authorizer has refused it, and logged and counted that; the integration has only responded. */
  denial_returned: { last: true },
  request_failed: { errors: 'Failed', last: true },
  caller_allowed: { counts: ['CallersAllowed'], last: true },
  caller_denied: { counts: ['CallersDenied'], errors: 'Refused', last: true },
  authorizer_failed: { errors: 'Failed', last: true },
  rotation_createSecret: { last: true },
  rotation_setSecret: { last: true },
  rotation_testSecret: { last: true },
  rotation_finishSecret: { counts: ['RotationsFinished'], last: true },
  rotation_failed: { counts: ['RotationsFailed'], last: true },
  /** A function that signs has read the key set: its line has `SigningKeyAge`. */
  signing_keys_read: {},
  signing_keys_stale: {},
  secret_use_not_recorded: {},
} as const satisfies Record<string, EventMetrics>;

export type EventName = keyof typeof events;

/** What the metrics of a line depend on. */
interface MeasuredLine {
  readonly event: EventName;
  readonly error?: ErrorCode;
  readonly unavailable?: string;
  readonly signingKeyAge?: number;
}

/** What the metrics of a line depend on besides the line: the invocation that it belongs to. */
interface MeasuredInvocation {
  /** Milliseconds since the event arrived. */
  readonly elapsed: number;
  readonly coldStart: boolean;
}

/** The values of the metrics that a line has. */
export function metricValues(
  line: MeasuredLine,
  invocation: MeasuredInvocation | undefined,
): Partial<Record<MetricName, number>> {
  const { counts = [], errors, last }: EventMetrics = events[line.event];
  const values: Partial<Record<MetricName, number>> = {};
  for (const name of counts) values[name] = 1;
  if (errors && line.error) values[`${errors}_${line.error}`] = 1;
  if (line.unavailable === 'Secrets Manager') values.SecretsManagerFaults = 1;
  if (line.signingKeyAge !== undefined) values.SigningKeyAge = line.signingKeyAge;
  if (last && invocation) {
    values.Latency = invocation.elapsed;
    if (invocation.coldStart) values.ColdStarts = 1;
  }
  return values;
}

/** Whether a line of this event is the last one of its invocation. */
export const isLastLine = (event: EventName): boolean => 'last' in events[event];

/**
 * The member `_aws` by which CloudWatch finds the metrics of a line that has `values` as members (the specification of
 * the embedded metric format); undefined for a line without metrics.
 * @param timestamp milliseconds since the epoch
 */
export function metricDirectives(values: Partial<Record<MetricName, number>>, timestamp: number) {
  const names = Object.keys(values);
  return names.length === 0 ? undefined : { Timestamp: timestamp, CloudWatchMetrics: directivesOf(names) };
}

/** The directives of each combination of metrics that was logged. There are few, and making them costs microseconds. */
const knownDirectives = new Map<string, readonly object[]>();

function directivesOf(names: readonly string[]): readonly object[] {
  const key = names.join(' ');
  const known = knownDirectives.get(key);
  if (known) return known;
  const directives = (['stage', 'function'] as const).flatMap((per) => {
    const ofSet = names.filter((name) => definitionOf(name).per === per);
    const Metrics = ofSet.map((name) => ({ Name: name, Unit: definitionOf(name).unit }));
    return ofSet.length === 0
      ? []
      : [{ Namespace: metricNamespace, Dimensions: [dimensionSets[per]], Metrics }];
  });
  knownDirectives.set(key, directives);
  return directives;
}

const errorMetric: MetricDefinition = { unit: 'Count', per: 'stage' };
const definitions: Readonly<Record<string, MetricDefinition | undefined>> = metrics;
const definitionOf = (name: string): MetricDefinition => definitions[name] ?? errorMetric;

/** The name of the metric of an error: its code is one of a fixed number. */
export const errorMetricName = (code: ErrorCode): ErrorMetricName =>
  `${errorTable[code].status < 500 ? 'Refused' : 'Failed'}_${code}`;
