import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { AuthorizationServer } from './constructs/authorization-server.ts';
import { ServerParameters } from './constructs/deployed-server.ts';
import { encryptionKeyOf } from './constructs/encryption-key.ts';
import { RotationFailedRule } from './constructs/rotation-failed-rule.ts';
import { StageMonitoring } from './constructs/stage-monitoring.ts';
import { StageQueries } from './constructs/stage-queries.ts';
import type { StageMonitoringSettings, StageRecord } from './stages.ts';
import type { StatefulStack } from './stateful-stack.ts';

interface StatelessStackProps {
  readonly record: StageRecord;
  readonly stateful: StatefulStack;
}

/** What can be created again without a loss: the authorization server of a stage, and what watches it. */
export class StatelessStack extends Stack {
  readonly server: AuthorizationServer;

  constructor(scope: Construct, id: string, { record, stateful }: StatelessStackProps) {
    super(scope, id, { terminationProtection: record.retain });
    // CDK leaves the id `Default` out of logical ids, so that they name what is in the server.
    this.server = new AuthorizationServer(this, 'Default', { settings: record, storage: stateful });
    new ServerParameters(this, 'Parameters', { server: this.server, stageId: record.id });
    const { issuer, executeApiUrl, api, functions } = this.server;
    new StageQueries(this, 'Queries', {
      stageName: record.name,
      logGroups: Object.values(functions).map(({ logGroup }) => logGroup),
    });
    if (record.monitoring) this.monitor(record, record.monitoring, stateful);

    const isReachedByDomain = record.domain?.disableExecuteApiEndpoint === true;
    new CfnOutput(this, 'Url', { value: isReachedByDomain ? issuer : executeApiUrl });
    new CfnOutput(this, 'Issuer', { value: issuer });
    // With a domain no other stack refers to the API's own URL any more. If its export disappeared before they were
    // deployed, CloudFormation would refuse the change, so that a domain could not be added or removed later.
    this.exportValue(executeApiUrl);
    this.exportValue(api.apiId);
  }

  private monitor(
    record: StageRecord,
    { topicArn, thresholds }: StageMonitoringSettings,
    { clients, sessions, signingKeys }: StatefulStack,
  ): void {
    const masterKey = encryptionKeyOf(this, 'AlarmsEncryptionKey', record);
    const topic =
      topicArn === undefined
        ? new Topic(this, 'Alarms', { enforceSSL: true, ...(masterKey && { masterKey }) })
        : Topic.fromTopicArn(this, 'Alarms', topicArn);
    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn });
    const { api, functions } = this.server;
    new StageMonitoring(this, 'Monitoring', {
      stageName: record.name,
      api,
      functions,
      tables: { Clients: clients, Sessions: sessions },
      signingKeys,
      topic,
      // A rotation that is repeated, or waits for its date, is a few days late.
      thresholds: { signingKeyAgeDays: record.rotationDays + 3, ...thresholds },
    });
    // The log of the rotation function has no line of a rotation that failed before the function was called.
    new RotationFailedRule(this, 'RotationFailed', { secret: signingKeys, topic });
  }
}
