import { Aspects, PermissionsBoundary, Stage, Tags } from 'aws-cdk-lib';
import type { StageProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import * as v from 'valibot';
import { ClientAssertionPolicy, TokenPolicy } from '../src/oauth/stage-policies.ts';
import { AccountApiStack } from './account-api-stack.ts';
import type { AuthorizationServer } from './constructs/authorization-server.ts';
import { restoresChallenges } from './constructs/challenge-mapping.ts';
import { ExampleApiStack } from './example-api-stack.ts';
import type { StageRecord } from './stages.ts';
import { StatefulStack } from './stateful-stack.ts';
import { StatelessStack } from './stateless-stack.ts';

/** One stage: its own tables and keys, its authorization server, and the APIs behind it. */
export class AuthStage extends Stage {
  readonly stateful: StatefulStack;
  readonly stateless: StatelessStack;
  /** Of the stateless stack, for authorizers of your own APIs. */
  readonly server: AuthorizationServer;
  readonly accountApi: AccountApiStack;
  /** Undefined if the record has none. */
  readonly exampleApi: ExampleApiStack | undefined;

  constructor(scope: Construct, record: StageRecord, props: StageProps = {}) {
    super(scope, record.id, {
      ...props,
      ...(record.env && { env: record.env }),
      ...(record.permissionsBoundaryArn !== undefined && {
        permissionsBoundary: PermissionsBoundary.fromArn(record.permissionsBoundaryArn),
      }),
    });
    checkRecord(record);
    this.stateful = new StatefulStack(this, 'Stateful', { record });
    this.stateless = new StatelessStack(this, 'Stateless', { record, stateful: this.stateful });
    this.server = this.stateless.server;
    this.accountApi = new AccountApiStack(this, 'AccountApi', {
      record,
      server: this.server,
    });
    this.exampleApi = record.exampleApi
      ? new ExampleApiStack(this, 'ExampleApi', { record, server: this.server })
      : undefined;
    // API Gateway reads the discovery document while it creates a JWT authorizer. The routes that serve the document,
    // the permission to invoke their function, and the domain must exist before that, and no reference says so.
    this.exampleApi?.addStackDependency(this.stateless);
    if (record.restoreChallenges) Aspects.of(this).add(restoresChallenges);
    for (const [name, value] of Object.entries({ ...record.tags, 'postern:stage': record.name })) {
      Tags.of(this).add(name, value);
    }
  }
}

/** What functions parse when they start, and what AWS would refuse: a mistake must be found before anything is deployed. */
function checkRecord(record: StageRecord): void {
  const problems = [
    ...(record.monitoring && record.logClass === 'INFREQUENT_ACCESS'
      ? ['monitoring: there are no metrics of logs of the class INFREQUENT_ACCESS']
      : []),
    ...problemsOf('tokens', v.safeParse(TokenPolicy, record.tokens)),
    ...problemsOf('clientAssertions', v.safeParse(ClientAssertionPolicy, record.clientAssertions)),
  ];
  if (problems.length === 0) return;
  throw new Error(`The record of the stage ${record.name} is not valid: ${problems.join('; ')}`);
}

const problemsOf = (name: keyof StageRecord, { issues }: v.SafeParseResult<v.GenericSchema>): string[] =>
  (issues ?? []).map((issue) => {
    const member = v.getDotPath(issue);
    return `${name}.${member === null ? '' : `${member}: `}${issue.message}`;
  });
