import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  aws_apigatewayv2 as apigateway,
  App,
  CfnOutput,
  Duration,
  RemovalPolicy,
  Stack,
  Stage,
} from 'aws-cdk-lib';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AttributeType, Table, TableEncryption, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { InterfaceVpcEndpointAwsService, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Alias, Code, Function as LambdaFunctionConstruct, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, LogRetention, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';

// A CDK app as a team has it, with much that no request depends on. Its argument is the folder for what it writes.

const [, , folder] = process.argv;
const source = `
  import { DynamoDBClient, GetItemCommand } from ${JSON.stringify(import.meta.resolve('@aws-sdk/client-dynamodb'))};
  import { GetSecretValueCommand, SecretsManagerClient } from ${JSON.stringify(import.meta.resolve('@aws-sdk/client-secrets-manager'))};
  const { TABLE, SECRET, TOPIC } = process.env;
  export const handler = async ({ rawPath }) => {
    await new DynamoDBClient({}).send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: 'a' } } }));
    const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: SECRET }));
    return { rawPath, length: SecretString.length, TOPIC };
  };`;

for (const [name, file, code] of [
  ['orders', 'index.mjs', source],
  ['report', 'report.py', 'def handler(event, context): pass'],
]) {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, file), code);
}
const app = new App({ outdir: join(folder, 'cdk.out'), builtinCloudFormationValidation: false });
const stack = new Stack(new Stage(app, 'Team'), 'Orders', {
  env: { account: '123456789012', region: 'eu-central-1' },
});

const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true, alias: 'orders' });
const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
vpc.addInterfaceEndpoint('Secrets', { service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER });
const partitionKey = { name: 'pk', type: AttributeType.STRING };
const orders = new Table(stack, 'Table', {
  partitionKey,
  encryption: TableEncryption.CUSTOMER_MANAGED,
  encryptionKey,
});
new TableV2(stack, 'GlobalTable', {
  partitionKey,
  encryption: TableEncryptionV2.customerManagedKey(encryptionKey),
});
const secret = new Secret(stack, 'Secret', { encryptionKey });
const topic = new Topic(stack, 'Topic', { masterKey: encryptionKey });
const handler = new LambdaFunctionConstruct(stack, 'Handler', {
  runtime: Runtime.NODEJS_24_X,
  handler: 'index.handler',
  code: Code.fromAsset(join(folder, 'orders')),
  environment: { TABLE: orders.tableName, SECRET: secret.secretArn, TOPIC: topic.topicArn },
  vpc,
  vpcSubnets: { subnets: vpc.isolatedSubnets },
  tracing: Tracing.ACTIVE,
  deadLetterQueueEnabled: true,
  reservedConcurrentExecutions: 5,
  timeout: Duration.seconds(10),
  logGroup: new LogGroup(stack, 'Logs', { encryptionKey }),
});
orders.grantReadData(handler);
secret.grantRead(handler);
topic.grantPublish(handler);
const live = new Alias(stack, 'Live', {
  aliasName: 'live',
  version: handler.currentVersion,
  provisionedConcurrentExecutions: 1,
});
const report = new LambdaFunctionConstruct(stack, 'Report', {
  runtime: Runtime.PYTHON_3_13,
  handler: 'report.handler',
  code: Code.fromAsset(join(folder, 'report')),
});

const domainName = new apigateway.DomainName(stack, 'Domain', {
  domainName: 'api.example.com',
  certificate: new Certificate(stack, 'Certificate', { domainName: 'api.example.com' }),
});
const api = new apigateway.HttpApi(stack, 'Api', {
  defaultDomainMapping: { domainName, mappingKey: 'shop/v1' },
});
const methods = [apigateway.HttpMethod.GET];
api.addRoutes({ path: '/orders', methods, integration: new HttpLambdaIntegration('Orders', live) });
api.addRoutes({ path: '/report', methods, integration: new HttpLambdaIntegration('Report', report) });

new Bucket(stack, 'Bucket', { removalPolicy: RemovalPolicy.DESTROY, autoDeleteObjects: true });
new LogRetention(stack, 'Retention', { logGroupName: '/other', retention: RetentionDays.ONE_WEEK });
new Rule(stack, 'Nightly', {
  schedule: Schedule.rate(Duration.days(1)),
  targets: [new LambdaFunction(report)],
});
handler
  .metricErrors()
  .createAlarm(stack, 'Errors', { threshold: 1, evaluationPeriods: 1 })
  .addAlarmAction(new SnsAction(topic));
new Dashboard(stack, 'Dashboard');
new StringParameter(stack, 'Parameter', { stringValue: live.functionArn });
new CfnWebACL(stack, 'Acl', {
  defaultAction: { allow: {} },
  scope: 'REGIONAL',
  visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'acl', sampledRequestsEnabled: true },
});
new CfnOutput(stack, 'VpcId', { value: vpc.vpcId });
app.synth();
