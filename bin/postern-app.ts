import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AuthStage } from '../lib/auth-stage.ts';
import { commercelayer, stages } from '../lib/stages.ts';

const app = new App();
for (const record of stages) new AuthStage(app, record);
// For the local run alone: a model of a stage that speaks another dialect.
if (process.env['POSTERN_COMMERCELAYER'] === 'true') new AuthStage(app, commercelayer);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
