import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AuthorizationServer } from './constructs/authorization-server.ts';
import { ServerParameters } from './constructs/deployed-server.ts';
import type { ServerStorage } from './constructs/server-storage.ts';
import type { StageRecord } from './stages.ts';

interface StatelessStackProps {
  readonly record: StageRecord;
  readonly storage: ServerStorage;
}

/** What can be created again without a loss: the authorization server of a stage. */
export class StatelessStack extends Stack {
  readonly server: AuthorizationServer;

  constructor(scope: Construct, id: string, { record, storage }: StatelessStackProps) {
    super(scope, id, { terminationProtection: record.retain });
    // CDK leaves the id `Default` out of logical ids, so that they name what is in the server.
    this.server = new AuthorizationServer(this, 'Default', { settings: record, storage });
    new ServerParameters(this, 'Parameters', { server: this.server, stageId: record.id });
    const { issuer, executeApiUrl, api } = this.server;
    const isReachedByDomain = record.domain?.disableExecuteApiEndpoint === true;
    new CfnOutput(this, 'Url', { value: isReachedByDomain ? issuer : executeApiUrl });
    new CfnOutput(this, 'Issuer', { value: issuer });
    // With a domain no other stack refers to the API's own URL any more. If its export disappeared before they were
    // deployed, CloudFormation would refuse the change, so that a domain could not be added or removed later.
    this.exportValue(executeApiUrl);
    this.exportValue(api.apiId);
  }
}
