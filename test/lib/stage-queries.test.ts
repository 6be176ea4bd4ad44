import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { StageQueries, stageQueries } from '../../lib/constructs/stage-queries.ts';
import { functionLog } from '../../src/function-log.ts';
import type { LogFields } from '../../src/log.ts';
import { events } from '../../src/metrics.ts';
import type { EventName } from '../../src/metrics.ts';

const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Monitoring');
new StageQueries(stack, 'Queries', {
  stageName: 'sandbox',
  logGroups: [new LogGroup(stack, 'TokenLogs'), new LogGroup(stack, 'RevokeLogs')],
});
const queries = Object.values(
  Template.fromStack(stack).findResources('AWS::Logs::QueryDefinition') as Record<
    string,
    { Properties: { Name: string; QueryString: string; LogGroupNames: unknown[] } }
  >,
).map(({ Properties }) => Properties);

/** Every member that a line can have: the type demands each of them here. */
const allFields: Required<LogFields> = {
  event: 'token_issued',
  requestId: 'r',
  status: 200,
  clientId: 'c',
  grantType: 'client_credentials',
  scope: 's',
  tokenKind: 'jwt',
  jti: 'j',
  kid: 'k',
  sessionId: 's',
  error: 'invalid_client',
  reason: 'r',
  unavailable: 'DynamoDB',
  signingKeyAge: 1,
  cause: 'c',
  stack: 's',
};

async function membersOfLines(): Promise<Set<string>> {
  const lines: string[] = [];
  const { log, observe } = functionLog({ stage: 'sandbox', output: { write: (line) => lines.push(line) } });
  const before = process.env['_X_AMZN_TRACE_ID'];
  process.env['_X_AMZN_TRACE_ID'] = `Root=1-${'0'.repeat(8)}-${'0'.repeat(24)}`;
  for (const event of Object.keys(events) as EventName[]) {
    await observe(async () => log('INFO', { ...allFields, event }))({}, { awsRequestId: 'l' });
    // Only the first event is a cold start.
  }
  if (before === undefined) delete process.env['_X_AMZN_TRACE_ID'];
  else process.env['_X_AMZN_TRACE_ID'] = before;
  return new Set([
    ...lines.flatMap((line) => Object.keys(JSON.parse(line) as object)),
    // CloudWatch Logs adds it.
    '@timestamp',
  ]);
}
const members = await membersOfLines();

/** Words of the query language that these queries use. */
const words =
  /^(?:fields|filter|stats|sort|limit|as|by|asc|desc|in|and|or|like|count|sum|pct|latest|bin|ispresent|\d.*)$/;

/** What a query names: neither words of the language, nor strings, comments, and its own aliases. */
function fieldsOf(query: string): string[] {
  const code = query.replaceAll(/^#.*$/gm, '').replaceAll(/"[^"]*"/g, '');
  const aliases = new Set([...code.matchAll(/\bas (\w+)/g)].map(([, alias]) => alias));
  return [...code.matchAll(/@?\w+/g)]
    .map(([name]) => name)
    .filter((name) => !words.test(name) && !aliases.has(name));
}

describe('saved queries of a stage', () => {
  test('are five', () => {
    expect(queries.map(({ Name }) => Name).toSorted()).toStrictEqual(
      Object.values(stageQueries)
        .map(({ name }) => `postern/Monitoring/sandbox: ${name}`)
        .toSorted(),
    );
    expect(queries.length).toBe(5);
  });

  test.each(queries)('$Name names only members that log lines have', ({ QueryString }) => {
    const named = fieldsOf(QueryString);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !members.has(name))).toStrictEqual([]);
  });

  test.each(queries)('$Name names only events that are logged', ({ QueryString }) => {
    const named = [...(/event in \[([^\]]*)\]/.exec(QueryString)?.[1] ?? '').matchAll(/"(\w+)"/g)];
    expect(named.map(([, name]) => name).filter((name) => !Object.hasOwn(events, name ?? ''))).toStrictEqual(
      [],
    );
  });

  test.each(queries)('$Name reads every log group of the stage', ({ LogGroupNames }) => {
    expect(LogGroupNames.length).toBe(2);
  });

  test.each(queries)('$Name has a pipe before each command but the first', ({ QueryString }) => {
    const [, ...rest] = QueryString.split('\n');
    expect(rest.filter((line) => !line.startsWith('| ') && !line.startsWith('# '))).toStrictEqual([]);
  });
});
