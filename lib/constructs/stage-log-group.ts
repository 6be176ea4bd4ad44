import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup, LogGroupClass, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { StageRecord } from '../stages.ts';
import { encryptionKeyOf } from './encryption-key.ts';

export type LogSettings = Pick<StageRecord, 'logRetentionDays' | 'logClass' | 'retain' | 'encryptionKeyArn'>;

const retentions: Readonly<Record<StageRecord['logRetentionDays'], RetentionDays>> = {
  7: RetentionDays.ONE_WEEK,
  30: RetentionDays.ONE_MONTH,
  90: RetentionDays.THREE_MONTHS,
  365: RetentionDays.ONE_YEAR,
};

/** A log group with the retention, class, encryption and removal policy of the stage. */
export class StageLogGroup extends LogGroup {
  /**
   * @param vendedName the end of the name of a group that an AWS service delivers to: under `/aws/vendedlogs/` all groups
   * share one entry of the account's resource policy, which has room for only a few others. The name of the stack is in
   * it, so that no other installation has the same.
   */
  constructor(scope: Construct, id: string, settings: LogSettings, vendedName?: string) {
    const encryptionKey = encryptionKeyOf(scope, `${id}EncryptionKey`, settings);
    super(scope, id, {
      ...(vendedName !== undefined && {
        logGroupName: `/aws/vendedlogs/${Stack.of(scope).stackName}/${vendedName}`,
      }),
      ...(encryptionKey && { encryptionKey }),
      logGroupClass:
        settings.logClass === 'INFREQUENT_ACCESS' ? LogGroupClass.INFREQUENT_ACCESS : LogGroupClass.STANDARD,
      retention: retentions[settings.logRetentionDays],
      // A creation that is rolled back leaves nothing, so that it can be repeated.
      removalPolicy: settings.retain ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
  }
}
