import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { defaultRefusals } from '../../lib/constructs/monitoring-thresholds.ts';
import type { MonitoringThresholds } from '../../lib/constructs/monitoring-thresholds.ts';
import { StageMonitoring } from '../../lib/constructs/stage-monitoring.ts';

function monitored(thresholds?: MonitoringThresholds) {
  const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Monitoring');
  const token = new Function(stack, 'Token', {
    code: Code.fromInline('exports.handler = async () => {};'),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_LATEST,
    timeout: Duration.seconds(20),
  });
  new StageMonitoring(stack, 'StageMonitoring', {
    stageName: 'sandbox',
    api: new HttpApi(stack, 'Api'),
    functions: {
      Token: token,
      Imported: Function.fromFunctionName(stack, 'ImportedFunction', 'imported'),
    },
    tables: {
      Clients: new TableV2(stack, 'Clients', { partitionKey: { name: 'pk', type: AttributeType.STRING } }),
    },
    signingKeys: new Secret(stack, 'SigningKeys'),
    topic: new Topic(stack, 'Topic'),
    ...(thresholds && { thresholds }),
  });
  return Template.fromStack(stack);
}

interface AlarmProperties {
  readonly AlarmName?: string;
  readonly AlarmDescription: string;
  readonly AlarmActions: unknown[];
  readonly OKActions: unknown[];
  readonly Threshold: number;
  readonly TreatMissingData: string;
  readonly Metrics?: { readonly Expression?: string; readonly MetricStat?: { Metric: Metric } }[];
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly ExtendedStatistic?: string;
  readonly Statistic?: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly Dimensions?: { Name: string; Value: unknown }[];
}
interface Metric {
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: unknown }[];
}

const alarmsOf = (template: Template) =>
  Object.entries(
    template.findResources('AWS::CloudWatch::Alarm') as Record<string, { Properties: AlarmProperties }>,
  ).map(([id, { Properties }]) => ({
    id: id.replace(/^StageMonitoring/, '').replace(/[\dA-F]{8}$/, ''),
    ...Properties,
  }));

const template = monitored();
const alarms = alarmsOf(template);
const alarm = (id: string) => alarms.find((one) => one.id === id) ?? assert.fail(`no alarm ${id}`);

/** The ids of the headings of the runbook, as GitHub makes them. */
const runbook = readFileSync(new URL('../../docs/operator-runbook.md', import.meta.url), 'utf8');
const anchors = [...runbook.matchAll(/^## (.*)$/gm)].map(([, title = '']) =>
  title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-'),
);
const anchorOf = ({ AlarmDescription }: AlarmProperties) =>
  /docs\/operator-runbook\.md#([\w-]+)$/.exec(AlarmDescription)?.[1];

describe('alarms of a stage', () => {
  test('are these', () => {
    expect(alarms.map(({ id }) => id).toSorted()).toStrictEqual(
      [
        'ApiServerErrors',
        'ApiLatency',
        ...['Token', 'Imported'].flatMap((name) => [`${name}Errors`, `${name}Throttles`, `${name}Duration`]),
        'ClientsTableThrottles',
        'ClientsTableSystemErrors',
        'RefusedInvalidClient',
        'RefusedInvalidGrant',
        'RefusedOriginNotAllowed',
        'RefusedInvalidDpopProof',
        'RefusedResourceDpopProof',
        'RefusedInvalidToken',
        'RefusedInsufficientScope',
        'RefusedTokenOfAnotherClient',
        'RefusedIntrospectionNotAllowed',
        'SigningKeyAge',
        'RotationFailed',
        'SecretsManagerFaults',
      ].toSorted(),
    );
  });

  test.each(alarms)('$id notifies the topic of its beginning and its end', ({ AlarmActions, OKActions }) => {
    const topic = [{ Ref: expect.stringMatching(/^Topic/) }];
    expect([AlarmActions, OKActions]).toStrictEqual([topic, topic]);
  });

  test.each(alarms)('$id is quiet while nothing happens, and has no fixed name', (one) => {
    expect(one.TreatMissingData).toBe('notBreaching');
    expect(one.AlarmName).toBeUndefined();
  });

  test.each(alarms)('$id names its stage and ends with the anchor of a section of the runbook', (one) => {
    expect(one.AlarmDescription).toContain('sandbox');
    expect(anchors).toContain(anchorOf(one));
  });

  test('are described by every section on an alarm in the runbook', () => {
    const sections = anchors.filter((anchor) => anchor.startsWith('alarm-'));
    expect(new Set(sections)).toStrictEqual(new Set(alarms.map(anchorOf)));
  });

  test('read no more metrics than CloudWatch allows, ten each', () => {
    for (const { id, Metrics = [] } of alarms) {
      expect([id, Metrics.filter(({ MetricStat }) => MetricStat).length <= 10]).toStrictEqual([id, true]);
    }
  });
});

describe('sections on alarms in the runbook', () => {
  const sections = runbook
    .split(/^## /m)
    .filter((section) => section.startsWith('Alarm: '))
    .map((text) => ({ title: text.split('\n')[0] ?? '', text }));

  test.each(sections)('$title says what it means, how to look and how to mend', ({ text }) => {
    expect(text).toMatch(/^\*\*Means\*\*: [^]*^\*\*Look\*\*: ?[^]*^\*\*Mend\*\*:/m);
  });
});

describe('alarm on the API', () => {
  test('measures responses with 5xx in percent, and not a single one of few', () => {
    const { Metrics = [], Threshold } = alarm('ApiServerErrors');
    expect(Metrics.map(({ Expression }) => Expression)).toContain(
      'IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)',
    );
    expect(Threshold).toBe(1);
  });

  test('measures the 99th percentile of its latency', () => {
    expect(alarm('ApiLatency')).toMatchObject({ ExtendedStatistic: 'p99', Threshold: 2_000 });
  });
});

describe('alarm on the duration of a function', () => {
  test('is at a part of the timeout of the function', () => {
    expect(alarm('TokenDuration')).toMatchObject({ Threshold: 16_000, ExtendedStatistic: 'p99' });
  });

  test('is at a part of the timeout that is stated for an imported function', () => {
    expect(alarm('ImportedDuration').Threshold).toBe(8_000);
    const imported = alarmsOf(monitored({ importedFunctionTimeout: Duration.seconds(30) }));
    expect(imported.find(({ id }) => id === 'ImportedDuration')?.Threshold).toBe(24_000);
  });
});

describe('alarms on a table', () => {
  test.each(['ClientsTableThrottles', 'ClientsTableSystemErrors'])(
    '%s ends when DynamoDB has no more data, which its alarms would otherwise ignore',
    (id) => {
      const { Metrics = [] } = alarm(id);
      const { Expression = '' } = Metrics.find((one) => one.Expression !== undefined) ?? {};
      const ids = Metrics.filter(({ MetricStat }) => MetricStat).length;
      expect(Expression.match(/FILL\(\w+, 0\)/g)?.length).toBe(ids);
    },
  );

  test('count system errors of each operation that functions use', () => {
    const { Metrics = [] } = alarm('ClientsTableSystemErrors');
    const operations = Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? [])
      .filter(({ Name }) => Name === 'Operation')
      .map(({ Value }) => Value);
    expect(new Set(operations)).toStrictEqual(
      new Set(['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'UpdateItem']),
    );
  });
});

describe('alarms on what functions log', () => {
  test.each([
    ['RefusedInvalidClient', 'Refused_invalid_client', 100, 'Sum'],
    ['RotationFailed', 'RotationsFailed', 1, 'Sum'],
    ['SecretsManagerFaults', 'SecretsManagerFaults', 3, 'Sum'],
    ['SigningKeyAge', 'SigningKeyAge', 33 * 86_400, 'Maximum'],
  ])('%s reads the metric %s of the stage', (id, MetricName, Threshold, Statistic) => {
    expect(alarm(id)).toMatchObject({
      Namespace: 'Postern',
      MetricName,
      Threshold,
      Statistic,
      Dimensions: [
        { Name: 'service', Value: 'postern' },
        { Name: 'stage', Value: 'sandbox' },
      ],
    });
  });

  test('on refusals ignore a single period, such as the end of a test of a partner', () => {
    expect(alarm('RefusedInvalidToken')).toMatchObject({ EvaluationPeriods: 3, DatapointsToAlarm: 2 });
  });
});

describe('thresholds', () => {
  test('replace only those that they name', () => {
    const changed = alarmsOf(monitored({ functionErrors: 7, signingKeyAgeDays: 95 }));
    const threshold = (id: string) => changed.find((one) => one.id === id)?.Threshold;
    expect(threshold('TokenErrors')).toBe(7);
    expect(threshold('SigningKeyAge')).toBe(95 * 86_400);
    expect(threshold('TokenThrottles')).toBe(1);
  });

  test('of refusals have an alarm for each code that they name, and for no other', () => {
    const { invalid_client: invalidClient } = defaultRefusals;
    const changed = alarmsOf(
      monitored({ refusals: { invalid_client: invalidClient * 2, invalid_scope: 5 } }),
    );
    expect(
      changed.filter(({ id }) => id.startsWith('Refused')).map(({ id, Threshold }) => [id, Threshold]),
    ).toStrictEqual([
      ['RefusedInvalidClient', 200],
      ['RefusedInvalidScope', 5],
    ]);
  });

  test('of refusals are not for what the server causes', () => {
    expect(() => monitored({ refusals: { server_error: 1 } })).toThrow('server_error is not an error');
  });
});

describe('dashboard of a stage', () => {
  test('has no fixed name, and shows every alarm on the functions by their physical names', () => {
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    template.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: Match.absent() });
    const body = JSON.stringify(template.findResources('AWS::CloudWatch::Dashboard'));
    for (const name of [
      'TokensIssued',
      'CallersDenied',
      'Refused_invalid_client',
      'Failed_server_error',
      'Latency',
      'ColdStarts',
      'SigningKeyAge',
      'RotationsFinished',
    ]) {
      expect(body).toContain(name);
    }
    expect(body).toContain('{"Ref":"Token');
  });
});
