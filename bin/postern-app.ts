import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import * as v from 'valibot';
import { AuthStage, commercelayer, stages } from '../lib/index.ts';
import { acknowledgeServerlessFindings } from '../lib/serverless-findings.ts';

const app = new App();
// For the local run alone: a model of a stage that speaks another dialect, and issuers by the names of stages.
const hasCommercelayer = process.env['POSTERN_COMMERCELAYER'] === 'true';
const issuers = v.parse(v.record(v.string(), v.string()), JSON.parse(process.env['POSTERN_ISSUERS'] ?? '{}'));
for (const record of hasCommercelayer ? [...stages, commercelayer] : stages) {
  const issuer = issuers[record.name];
  new AuthStage(app, { ...record, ...(issuer !== undefined && { issuer }) });
}
acknowledgeServerlessFindings(app);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
app.synth();
