import { Aspects, Stage, Tags } from 'aws-cdk-lib';
import type { StageProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import * as v from 'valibot';
import { ClientAssertionPolicy, TokenPolicy } from '../src/oauth/stage-policies.ts';
import { AccountApiStack } from './account-api-stack.ts';
import { restoresChallenges } from './constructs/challenge-mapping.ts';
import { ExampleApiStack } from './example-api-stack.ts';
import type { StageRecord } from './stages.ts';
import { StatefulStack } from './stateful-stack.ts';
import { StatelessStack } from './stateless-stack.ts';

/** One stage: its own tables and keys, its authorization server, and the APIs behind it. */
export class AuthStage extends Stage {
  readonly stateful: StatefulStack;
  readonly stateless: StatelessStack;
  readonly accountApi: AccountApiStack;
  readonly exampleApi: ExampleApiStack;

  constructor(scope: Construct, record: StageRecord, props: StageProps = {}) {
    super(scope, record.id, props);
    checkPolicies(record);
    this.stateful = new StatefulStack(this, 'Stateful', { record });
    this.stateless = new StatelessStack(this, 'Stateless', { record, stateful: this.stateful });
    this.accountApi = new AccountApiStack(this, 'AccountApi', {
      record,
      stateful: this.stateful,
      stateless: this.stateless,
    });
    this.exampleApi = new ExampleApiStack(this, 'ExampleApi', { record, stateless: this.stateless });
    // API Gateway reads the discovery document while it creates a JWT authorizer. The routes that serve the document,
    // and the permission to invoke their function, must exist before that, and no reference says so.
    this.exampleApi.addStackDependency(this.stateless);
    if (record.restoreChallenges) Aspects.of(this).add(restoresChallenges);
    Tags.of(this).add('postern:stage', record.name);
  }
}

/** Functions parse these members when they start. A mistake in one must be found before they are deployed. */
function checkPolicies(record: StageRecord): void {
  const problems = [
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
