import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Dashboard, IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { errorMetricName } from '../../src/metrics.ts';
import { defaultThresholds } from './monitoring-thresholds.ts';
import type { MonitoringThresholds } from './monitoring-thresholds.ts';
import { StageDashboard } from './stage-dashboard.ts';
import { isRefusal, period, stageMetric } from './stage-metrics.ts';
import type { MonitoredStage, MonitoredTable } from './stage-metrics.ts';

export interface StageMonitoringProps extends MonitoredStage {
  /** Receives every alarm, and its end. */
  readonly topic: ITopic;
  /** @default each threshold has its own */
  readonly thresholds?: MonitoringThresholds;
}

/** Operations of the functions on tables. */
const operations = ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'];

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
  readonly alarms: Alarm[] = [];
  private readonly props: StageMonitoringProps;
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
    this.dashboard = new StageDashboard(this, 'Dashboard', props);
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
    this.alarms.push(alarm);
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
        metric: stageMetric(this.props, errorMetricName(code)),
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
      metric: stageMetric(this.props, 'SigningKeyAge', Stats.MAXIMUM),
      threshold: Duration.days(signingKeyAgeDays).toSeconds(),
      description: `The signing key is ${signingKeyAgeDays} days old or older: its rotation is overdue.`,
      runbook: 'alarm-signing-key-age',
      // For a minute after a rotation, functions sign with the old key.
      periods: { exceeding: 3, of: 3 },
    });
    this.alarm('RotationFailed', {
      metric: stageMetric(this.props, 'RotationsFailed'),
      threshold: rotationsFailed,
      description: 'A rotation of the signing keys has failed.',
      runbook: 'alarm-rotation-failed',
    });
    this.alarm('SecretsManagerFaults', {
      metric: stageMetric(this.props, 'SecretsManagerFaults'),
      threshold: secretsManagerFaults,
      description: 'Functions cannot read secrets.',
      runbook: 'alarm-secrets-manager-faults',
    });
  }
}

const pascalCase = (code: string) =>
  code
    .split('_')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
