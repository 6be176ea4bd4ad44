import { Stage, Tags } from 'aws-cdk-lib';
import type { StageProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { PartnerApiStack } from './partner-api-stack.ts';
import type { StageRecord } from './stages.ts';
import { StatefulStack } from './stateful-stack.ts';
import { StatelessStack } from './stateless-stack.ts';

/** One environment of its own: its tables and keys, its authorization server, and the API behind it. */
export class AuthStage extends Stage {
  readonly stateful: StatefulStack;
  readonly stateless: StatelessStack;
  readonly partnerApi: PartnerApiStack;

  constructor(scope: Construct, record: StageRecord, props: StageProps = {}) {
    super(scope, record.id, props);
    this.stateful = new StatefulStack(this, 'Stateful', { record });
    this.stateless = new StatelessStack(this, 'Stateless', { record, stateful: this.stateful });
    this.partnerApi = new PartnerApiStack(this, 'PartnerApi', {
      record,
      stateful: this.stateful,
      stateless: this.stateless,
    });
    // API Gateway reads the discovery document while it creates a JWT authorizer: the routes that serve it,
    // and the permission to call their function, must be there before. No resource refers to them.
    this.partnerApi.addStackDependency(this.stateless);
    Tags.of(this).add('postern:stage', record.name);
  }
}
