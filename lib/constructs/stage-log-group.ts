import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { StageRecord } from '../stages.ts';

const retentions: Readonly<Record<StageRecord['logRetentionDays'], RetentionDays>> = {
  7: RetentionDays.ONE_WEEK,
  30: RetentionDays.ONE_MONTH,
  90: RetentionDays.THREE_MONTHS,
  365: RetentionDays.ONE_YEAR,
};

/** A log group with the retention and removal policy of the stage. */
export class StageLogGroup extends LogGroup {
  /**
   * @param logGroupName for logs that an AWS service delivers: under `/aws/vendedlogs/` all groups share one entry of
   * the account's resource policy, which has room for only a few others
   */
  constructor(scope: Construct, id: string, record: StageRecord, logGroupName?: string) {
    super(scope, id, {
      ...(logGroupName !== undefined && { logGroupName }),
      retention: retentions[record.logRetentionDays],
      removalPolicy: record.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
