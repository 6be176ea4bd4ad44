import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, Stats, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { errorMetricName } from '../../src/metrics.ts';
import { errorCodes, functionMetrics, isRefusal, period, stageMetric } from './stage-metrics.ts';
import type { MonitoredStage } from './stage-metrics.ts';

/** What happens in a stage, at a glance. */
export class StageDashboard extends Dashboard {
  constructor(scope: Construct, id: string, stage: MonitoredStage) {
    super(scope, id, { defaultInterval: Duration.hours(12) });
    const { stageName, api, functions, tables, signingKeys } = stage;
    this.addWidgets(
      new TextWidget({
        markdown: `# Postern ${stageName}\nSigning keys: ${signingKeys.secretArn}\n\nRunbook: docs/operator-runbook.md`,
        width: 24,
        height: 3,
      }),
    );
    this.addWidgets(
      graph('Issued', [
        stageMetric(stage, 'TokensIssued'),
        stageMetric(stage, 'SessionsOpened'),
        stageMetric(stage, 'TokensRevoked'),
      ]),
      graph('Verified', [stageMetric(stage, 'CallersAllowed'), stageMetric(stage, 'CallersDenied')]),
      graph(
        'Refused',
        errorCodes.filter(isRefusal).map((code) => stageMetric(stage, errorMetricName(code))),
      ),
    );
    this.addWidgets(
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
        errorCodes
          .filter((code) => !isRefusal(code))
          .map((code) => stageMetric(stage, errorMetricName(code))),
      ),
    );
    this.addWidgets(
      graph('Latency of functions', functionMetrics(stage, 'Latency')),
      graph('Cold starts', functionMetrics(stage, 'ColdStarts')),
      graph(
        'Function errors and throttles',
        Object.entries(functions).flatMap(([name, fn]) => [
          fn.metricErrors({ period, label: `${name} errors` }),
          fn.metricThrottles({ period, label: `${name} throttles` }),
        ]),
      ),
    );
    this.addWidgets(
      graph(
        'Tables',
        Object.entries(tables).flatMap(([name, table]) => [
          table.metricConsumedReadCapacityUnits({ period, label: `${name} reads` }),
          table.metricConsumedWriteCapacityUnits({ period, label: `${name} writes` }),
        ]),
      ),
      graph('Signing key age in seconds', [stageMetric(stage, 'SigningKeyAge', Stats.MAXIMUM)]),
      graph('Rotations and Secrets Manager', [
        stageMetric(stage, 'RotationsFinished'),
        stageMetric(stage, 'RotationsFailed'),
        stageMetric(stage, 'SecretsManagerFaults'),
      ]),
    );
  }
}

const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 8, height: 6 });
