import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { readCloudAssembly } from '../../local/cloud-assembly.ts';
import type { Progress } from '../../local/progress.ts';
import { temporaryFolder } from './fixture-function.ts';
import { createStageOf } from './stage-of-resources.ts';

const app = fileURLToPath(new URL('foreign-app.mjs', import.meta.url));

const notRun = [
  'AWS::CertificateManager::Certificate (1)',
  'AWS::CloudWatch::Alarm (1)',
  'AWS::CloudWatch::Dashboard (1)',
  'AWS::EC2::InternetGateway (1)',
  'AWS::EC2::Route (2)',
  'AWS::EC2::RouteTable (4)',
  'AWS::EC2::SecurityGroup (2)',
  'AWS::EC2::Subnet (4)',
  'AWS::EC2::SubnetRouteTableAssociation (4)',
  'AWS::EC2::VPC (1)',
  'AWS::EC2::VPCEndpoint (1)',
  'AWS::EC2::VPCGatewayAttachment (1)',
  'AWS::Events::Rule (1)',
  'AWS::KMS::Alias (1)',
  'AWS::KMS::Key (1)',
  'AWS::S3::Bucket (1)',
  'AWS::S3::BucketPolicy (1)',
  'AWS::SNS::Topic (1)',
  'AWS::SQS::Queue (1)',
  'AWS::SSM::Parameter (1)',
  'AWS::WAFv2::WebACL (1)',
  'Custom::LogRetention (1)',
  'Custom::S3AutoDeleteObjects (1)',
];

test('an app with much that no request depends on runs its routes locally', async () => {
  const folder = temporaryFolder();
  execFileSync(process.execPath, [app, folder], { stdio: 'pipe' });
  const [assembly] = readCloudAssembly(join(folder, 'cdk.out'));
  if (!assembly) throw new Error('There is no stage');
  const lines: string[] = [];
  const progress: Progress = {
    step: (_, work) => work(() => {}),
    line: (text) => void lines.push(text.trim()),
  };
  const { url, outputs } = await createStageOf(assembly, progress);

  const order = await fetch(`${url}/shop/v1/orders`);
  expect(await order.json()).toStrictEqual({
    rawPath: '/shop/v1/orders',
    length: 32,
    TOPIC: expect.stringMatching(/^arn:aws:sns:eu-west-1:000000000000:Team-Orders-Topic/),
  });
  expect((await fetch(`${url}/report`)).status).toBe(501);
  expect(outputs['VpcId']).toMatch(/^Team-Orders-Vpc/);
  const [skipped = '', functions = '', ...others] = lines;
  expect(others).toStrictEqual([]);
  expect(functions).toMatch(
    /^test: functions that do not run on this machine: Team-Orders-Report\w+ \(python3\.13\)$/,
  );
  expect(skipped).toBe(`test: not run on this machine: ${notRun.join(', ')}`);
});
