import { Duration } from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  MathExpression,
  Metric,
  Stats,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { errorTable } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { errorMetricName, metricNamespace, metrics, serviceName } from '../../src/metrics.ts';
import type { MetricName } from '../../src/metrics.ts';

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

const defaultThresholds: Required<MonitoringThresholds> = {
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

/**
 * Only what is used of the interfaces of the CDK: its classes do not implement them for programs that are compiled with
 * `exactOptionalPropertyTypes`.
 */
type MonitoredTable = Pick<
  ITable,
  'tableName' | 'metric' | 'metricConsumedReadCapacityUnits' | 'metricConsumedWriteCapacityUnits'
>;

export interface StageMonitoringProps {
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
  /** Receives every alarm, and its end. */
  readonly topic: ITopic;
  /** @default each threshold has its own */
  readonly thresholds?: MonitoringThresholds;
}

/** Operations of the functions on tables. */
const operations = ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'];

const period = Duration.minutes(5);

interface AlarmSettings {
  readonly metric: IMetric;
  readonly threshold: number;
  /** What has happened. */
  readonly description: string;
  /** Section of the runbook. */
  readonly runbook: string;
  /** How many of how many periods exceed the threshold. */
  readonly periods?: { readonly exceeding: number; readonly of: number };
}

/**
 * Alarms and a dashboard of a stage. An alarm costs $0.10 a month for each metric that it reads, and nothing has a name
 * of its own, so that two installations in one account do not collide.
 *
 * The classes of the CDK serve better here than cdk-monitoring-constructs: that library gives each alarm a name of its
 * own making, cannot measure what the functions log without as much code as this, and would be a dependency of every
 * app that uses the constructs.
 */
export class StageMonitoring extends Construct {
  readonly dashboard: Dashboard;
  /** Every alarm, for a composite alarm or further actions. */
  readonly alarms: readonly Alarm[];
  private readonly props: StageMonitoringProps;
  private readonly all: Alarm[] = [];
  private readonly action: SnsAction;
  private readonly thresholds: Required<MonitoringThresholds>;

  constructor(scope: Construct, id: string, props: StageMonitoringProps) {
    super(scope, id);
    this.props = props;
    this.thresholds = { ...defaultThresholds, ...props.thresholds };
    this.action = new SnsAction(props.topic);
    this.apiAlarms();
    for (const [name, fn] of Object.entries(props.functions)) this.functionAlarms(name, fn);
    for (const [name, table] of Object.entries(props.tables)) this.tableAlarms(name, table);
    this.refusalAlarms();
    this.keyAlarms();
    this.alarms = this.all;
    this.dashboard = this.createDashboard();
  }

  private alarm(id: string, { metric, threshold, description, runbook, periods }: AlarmSettings): void {
    const { exceeding, of } = periods ?? { exceeding: 1, of: 1 };
    const alarm = new Alarm(this, id, {
      metric,
      threshold,
      evaluationPeriods: of,
      datapointsToAlarm: exceeding,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // These metrics have no data while nothing happens.
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `Postern ${this.props.stageName}: ${description} docs/operator-runbook.md#${runbook}`,
    });
    alarm.addAlarmAction(this.action);
    alarm.addOkAction(this.action);
    this.all.push(alarm);
  }

  private apiAlarms(): void {
    const { api } = this.props;
    const { apiServerErrorPercent, apiMinimumRequests, apiLatencyMilliseconds } = this.thresholds;
    this.alarm('ApiServerErrors', {
      metric: new MathExpression({
        expression: `IF(requests >= ${apiMinimumRequests}, 100 * FILL(errors, 0) / requests, 0)`,
        usingMetrics: {
          errors: api.metricServerError({ period }),
          requests: api.metricCount({ period, statistic: Stats.SUM }),
        },
        label: 'Responses with 5xx in percent',
        period,
      }),
      threshold: apiServerErrorPercent,
      description: `${apiServerErrorPercent} % of the responses or more have a status of 5xx.`,
      runbook: 'alarm-api-server-errors',
      periods: { exceeding: 2, of: 3 },
    });
    this.alarm('ApiLatency', {
      metric: api.metricLatency({ period, statistic: Stats.p(99) }),
      threshold: apiLatencyMilliseconds,
      description: `One response in a hundred takes ${apiLatencyMilliseconds} ms or more.`,
      runbook: 'alarm-api-latency',
      periods: { exceeding: 3, of: 3 },
    });
  }

  private functionAlarms(name: string, fn: IFunction): void {
    const { functionErrors, functionThrottles, functionDurationPercent, importedFunctionTimeout } =
      this.thresholds;
    this.alarm(`${name}Errors`, {
      metric: fn.metricErrors({ period }),
      threshold: functionErrors,
      description: `${name} has crashed, timed out, or could not decide.`,
      runbook: 'alarm-function-errors',
    });
    this.alarm(`${name}Throttles`, {
      metric: fn.metricThrottles({ period }),
      threshold: functionThrottles,
      description: `Lambda refuses events of ${name}.`,
      runbook: 'alarm-function-throttles',
    });
    const timeout = (fn instanceof LambdaFunction ? fn.timeout : undefined) ?? importedFunctionTimeout;
    this.alarm(`${name}Duration`, {
      metric: fn.metricDuration({ period, statistic: Stats.p(99) }),
      threshold: (timeout.toMilliseconds() * functionDurationPercent) / 100,
      description: `${name} takes ${functionDurationPercent} % of its timeout or more.`,
      runbook: 'alarm-function-duration',
    });
  }

  private tableAlarms(name: string, table: MonitoredTable): void {
    const { tableThrottles, tableSystemErrors } = this.thresholds;
    // DynamoDB has these metrics only when something happens, and alarms on its namespace keep their state while data is
    // missing: without FILL an alarm would never end.
    this.alarm(`${name}TableThrottles`, {
      metric: new MathExpression({
        expression: 'FILL(reads, 0) + FILL(writes, 0)',
        usingMetrics: {
          reads: table.metric('ReadThrottleEvents', { period, statistic: Stats.SUM }),
          writes: table.metric('WriteThrottleEvents', { period, statistic: Stats.SUM }),
        },
        label: 'Throttled reads and writes',
        period,
      }),
      threshold: tableThrottles,
      description: `DynamoDB throttles the table ${name}.`,
      runbook: 'alarm-table-throttles',
    });
    const ofOperations = operations.map((operation) => [
      operation.toLowerCase(),
      table.metric('SystemErrors', {
        period,
        statistic: Stats.SUM,
        dimensionsMap: { TableName: table.tableName, Operation: operation },
      }),
    ]);
    this.alarm(`${name}TableSystemErrors`, {
      metric: new MathExpression({
        expression: operations.map((operation) => `FILL(${operation.toLowerCase()}, 0)`).join(' + '),
        usingMetrics: Object.fromEntries(ofOperations),
        label: 'Responses of DynamoDB with 5xx',
        period,
      }),
      threshold: tableSystemErrors,
      description: `DynamoDB fails at the table ${name}.`,
      runbook: 'alarm-table-system-errors',
    });
  }

  /**
   * Thresholds, and not anomaly detection: that costs three metrics for each alarm instead of one, knows nothing of a
   * stage in its first weeks, and learns an attack that grows slowly as normal. A threshold also says in the stage
   * record what is too much.
   */
  private refusalAlarms(): void {
    for (const [code, threshold] of Object.entries(this.thresholds.refusals)) {
      if (!isRefusal(code)) throw new Error(`${code} is not an error that a client causes`);
      this.alarm(`Refused${pascalCase(code)}`, {
        metric: this.stageMetric(errorMetricName(code)),
        threshold,
        description: `${threshold} requests or more in five minutes are refused with ${code}.`,
        runbook: 'alarm-refusals',
        periods: { exceeding: 2, of: 3 },
      });
    }
  }

  private keyAlarms(): void {
    const { signingKeyAgeDays, rotationsFailed, secretsManagerFaults } = this.thresholds;
    this.alarm('SigningKeyAge', {
      metric: this.stageMetric('SigningKeyAge', Stats.MAXIMUM),
      threshold: Duration.days(signingKeyAgeDays).toSeconds(),
      description: `The signing key is ${signingKeyAgeDays} days old or older: its rotation is overdue.`,
      runbook: 'alarm-signing-key-age',
      // For a minute after a rotation, functions sign with the old key.
      periods: { exceeding: 3, of: 3 },
    });
    this.alarm('RotationFailed', {
      metric: this.stageMetric('RotationsFailed'),
      threshold: rotationsFailed,
      description: 'A rotation of the signing keys has failed.',
      runbook: 'alarm-rotation-failed',
    });
    this.alarm('SecretsManagerFaults', {
      metric: this.stageMetric('SecretsManagerFaults'),
      threshold: secretsManagerFaults,
      description: 'Functions cannot read secrets.',
      runbook: 'alarm-secrets-manager-faults',
    });
  }

  /** A metric that the functions log. */
  private stageMetric(metricName: MetricName, statistic: string = Stats.SUM): Metric {
    return new Metric({
      namespace: metricNamespace,
      metricName,
      dimensionsMap: { service: serviceName, stage: this.props.stageName },
      statistic,
      period,
    });
  }

  private functionMetric(metricName: 'Latency' | 'ColdStarts', [name, fn]: [string, IFunction]): Metric {
    return new Metric({
      namespace: metricNamespace,
      metricName,
      dimensionsMap: {
        service: serviceName,
        stage: this.props.stageName,
        function: fn.functionName,
      },
      statistic: metrics[metricName].unit === 'Count' ? Stats.SUM : Stats.p(99),
      label: name,
      period,
    });
  }

  private createDashboard(): Dashboard {
    const { stageName, api, functions, tables, signingKeys } = this.props;
    const byFunction = Object.entries(functions);
    const dashboard = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(12) });
    dashboard.addWidgets(
      new TextWidget({
        markdown: `# Postern ${stageName}\nSigning keys: ${signingKeys.secretArn}\n\nRunbook: docs/operator-runbook.md`,
        width: 24,
        height: 3,
      }),
    );
    dashboard.addWidgets(
      graph('Issued', [
        this.stageMetric('TokensIssued'),
        this.stageMetric('SessionsOpened'),
        this.stageMetric('TokensRevoked'),
      ]),
      graph('Verified', [this.stageMetric('CallersAllowed'), this.stageMetric('CallersDenied')]),
      graph(
        'Refused',
        errorCodes.filter(isRefusal).map((code) => this.stageMetric(errorMetricName(code))),
      ),
    );
    dashboard.addWidgets(
      graph('API', [
        api.metricCount({ period }),
        api.metricClientError({ period }),
        api.metricServerError({ period }),
      ]),
      graph('API latency', [
        api.metricLatency({ period, statistic: Stats.p(50) }),
        api.metricLatency({ period, statistic: Stats.p(99) }),
      ]),
      graph(
        'Failed',
        errorCodes.filter((code) => !isRefusal(code)).map((code) => this.stageMetric(errorMetricName(code))),
      ),
    );
    dashboard.addWidgets(
      graph(
        'Latency of functions',
        byFunction.map((named) => this.functionMetric('Latency', named)),
      ),
      graph(
        'Cold starts',
        byFunction.map((named) => this.functionMetric('ColdStarts', named)),
      ),
      graph(
        'Function errors and throttles',
        byFunction.flatMap(([name, fn]) => [
          fn.metricErrors({ period, label: `${name} errors` }),
          fn.metricThrottles({ period, label: `${name} throttles` }),
        ]),
      ),
    );
    dashboard.addWidgets(
      graph(
        'Tables',
        Object.entries(tables).flatMap(([name, table]) => [
          table.metricConsumedReadCapacityUnits({ period, label: `${name} reads` }),
          table.metricConsumedWriteCapacityUnits({ period, label: `${name} writes` }),
        ]),
      ),
      graph('Signing key age in seconds', [this.stageMetric('SigningKeyAge', Stats.MAXIMUM)]),
      graph('Rotations and Secrets Manager', [
        this.stageMetric('RotationsFinished'),
        this.stageMetric('RotationsFailed'),
        this.stageMetric('SecretsManagerFaults'),
      ]),
    );
    return dashboard;
  }
}

const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 8, height: 6 });

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a constant
const errorCodes = Object.keys(errorTable) as ErrorCode[];

/** Whether a code is one of the errors that a client causes. */
function isRefusal(code: string): code is ErrorCode {
  const known = errorCodes.find((one) => one === code);
  return known !== undefined && errorTable[known].status < 500;
}

const pascalCase = (code: string) =>
  code
    .split('_')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
