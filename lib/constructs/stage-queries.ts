import { Stack } from 'aws-cdk-lib';
import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

interface StageQuery {
  readonly name: string;
  /** Lines of the query language of CloudWatch Logs Insights, without the pipes between them. */
  readonly lines: readonly string[];
}

/** The saved queries of a stage, by their construct ids. They name only members of log lines. */
export const stageQueries = {
  Refusals: {
    name: 'who is refused and why',
    lines: [
      'filter event in ["request_refused", "caller_denied"]',
      'stats count(*) as refusals, latest(@timestamp) as last by clientId, error, reason, function',
      'sort refusals desc',
      'limit 100',
    ],
  },
  Callers: {
    name: 'who calls most',
    lines: [
      'filter event in ["token_issued", "session_opened", "caller_allowed", "caller_denied"]',
      'stats count(*) as calls, sum(TokensIssued) as tokens, sum(SessionsOpened) as sessions by clientId',
      'sort calls desc',
      'limit 50',
    ],
  },
  TokenLife: {
    name: "one token's life by jti",
    lines: [
      'fields @timestamp, event, clientId, grantType, scope, kid, error, reason, requestId, function',
      '# Replace the id by that of the token.',
      'filter jti = "00000000-0000-0000-0000-000000000000"',
      'sort @timestamp asc',
      'limit 1000',
    ],
  },
  SlowestCalls: {
    name: 'slowest calls',
    lines: [
      'fields @timestamp, Latency, function, event, clientId, cold_start, requestId, lambdaRequestId, traceId',
      'filter ispresent(Latency)',
      'sort Latency desc',
      'limit 50',
    ],
  },
  ColdStarts: {
    name: 'cold starts',
    lines: [
      'filter ispresent(Latency)',
      'stats sum(ColdStarts) as starts, count(*) as events, pct(Latency, 99) as latency by function, cold_start, bin(1h) as hour',
      'sort hour desc',
      'limit 200',
    ],
  },
} as const satisfies Record<string, StageQuery>;

export interface StageQueriesProps {
  readonly stageName: string;
  /** The log groups of the functions of the stage. */
  readonly logGroups: readonly ILogGroup[];
}

/** Saved queries of CloudWatch Logs Insights. They cost nothing until they are run. */
export class StageQueries extends Construct {
  constructor(scope: Construct, id: string, { stageName, logGroups }: StageQueriesProps) {
    super(scope, id);
    const { stackName } = Stack.of(this);
    for (const [queryId, { name, lines }] of Object.entries(stageQueries)) {
      new CfnQueryDefinition(this, queryId, {
        // The slashes are folders. The name of the stack tells two installations in one account apart.
        name: `postern/${stackName}/${stageName}: ${name}`,
        queryString: queryOf(lines),
        logGroupNames: logGroups.map(({ logGroupName }) => logGroupName),
      });
    }
  }
}

/** A comment has a line of its own and no pipe before it. */
const queryOf = (lines: readonly string[]): string =>
  lines.map((line, index) => (index === 0 || line.startsWith('#') ? line : `| ${line}`)).join('\n');
