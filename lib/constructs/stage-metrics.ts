import { Duration } from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { errorTable } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { metricNamespace, metrics, serviceName } from '../../src/metrics.ts';
import type { MetricName } from '../../src/metrics.ts';

/**
 * Only what is used of the interfaces of the CDK: its classes do not implement them for programs that are compiled with
 * `exactOptionalPropertyTypes`.
 */
export type MonitoredTable = Pick<
  ITable,
  'tableName' | 'metric' | 'metricConsumedReadCapacityUnits' | 'metricConsumedWriteCapacityUnits'
>;

/** The parts of a stage that have metrics. */
export interface MonitoredStage {
  /** `STAGE` of the functions, which is a dimension of their metrics. */
  readonly stageName: string;
  /** An `IHttpApi`. */
  readonly api: Pick<IHttpApi, 'metricCount' | 'metricClientError' | 'metricServerError' | 'metricLatency'>;
  /** The functions of the stage, by the names that alarms and dashboard give them. */
  readonly functions: Readonly<Record<string, IFunction>>;
  /** The tables of the stage, each an `ITable`, by the names that alarms and dashboard give them. */
  readonly tables: Readonly<Record<string, MonitoredTable>>;
  /** An `ISecret`, whose rotation is watched. */
  readonly signingKeys: Pick<ISecret, 'secretArn'>;
}

export const period = Duration.minutes(5);

/** A metric of a stage that the functions log. */
export const stageMetric = (
  { stageName }: MonitoredStage,
  metricName: MetricName,
  statistic: string = Stats.SUM,
): Metric =>
  new Metric({
    namespace: metricNamespace,
    metricName,
    dimensionsMap: { service: serviceName, stage: stageName },
    statistic,
    period,
  });

/** A metric of each function of a stage that the functions log. */
export const functionMetrics = (
  { stageName, functions }: MonitoredStage,
  metricName: 'Latency' | 'ColdStarts',
): Metric[] =>
  Object.entries(functions).map(
    ([label, { functionName }]) =>
      new Metric({
        namespace: metricNamespace,
        metricName,
        dimensionsMap: { service: serviceName, stage: stageName, function: functionName },
        statistic: metrics[metricName].unit === 'Count' ? Stats.SUM : Stats.p(99),
        label,
        period,
      }),
  );

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a constant
export const errorCodes = Object.keys(errorTable) as ErrorCode[];

/** Whether a code is one of the errors that a client causes. */
export function isRefusal(code: string): code is ErrorCode {
  const known = errorCodes.find((one) => one === code);
  return known !== undefined && errorTable[known].status < 500;
}
