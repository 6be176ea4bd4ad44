import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Findings of cdk-nag's rules for serverless applications that hold for every function of a stage, and why. */
const reasons = {
  'Serverless::Serverless-LambdaDLQ':
    'API Gateway invokes the functions synchronously, for which Lambda uses no dead letter queue. Secrets Manager repeats a step of a rotation that failed, and the failure has a metric and an alarm.',
  'Serverless::Serverless-LambdaTracing':
    'An HTTP API does not trace, so that a trace would begin at the function and show one segment. Log lines have the latency, and the trace id where a caller traces.',
} as const;

/** States why the findings of `ServerlessChecks` below `scope` are accepted. */
export function acknowledgeServerlessFindings(scope: IConstruct): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(scope).acknowledge({ id, reason });
}
