import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';

/** Leave to do `actions` on the items of `table` whose key begins with one of `prefixes`, and on no others. */
export function allowItems(
  table: TableV2,
  actions: readonly string[],
  prefixes: readonly string[],
): PolicyStatement {
  return new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [table.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...prefixes] } },
  });
}

/** Leave to do `actions` with `secret`. */
export function allowSecret(secret: Secret, ...actions: string[]): PolicyStatement {
  return new PolicyStatement({
    actions: actions.map((action) => `secretsmanager:${action}`),
    resources: [secret.secretArn],
  });
}
