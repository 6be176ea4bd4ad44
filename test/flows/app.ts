import { App } from 'aws-cdk-lib';
import { AuthStage } from '../../lib/auth-stage.ts';
import { commercelayer, stages } from '../../lib/stages.ts';
import { withJwtAuthorizer, withRestoredChallenges } from './variants.ts';

/** The CDK app of the flows: one synthesis for every stage that they run. test/lib/templates.test.ts validates it. */
const app = new App({ builtinCloudFormationValidation: false });
// The host that Commerce Layer's clients demand, and a base path, as a mapped domain may have one.
const issuer = 'https://auth.example.test/base';
// With the example API in each, which every flow calls.
const deployed = stages.map((record) => ({ ...record, exampleApi: true }));
for (const record of [...deployed, { ...commercelayer, issuer }, withJwtAuthorizer, withRestoredChallenges]) {
  new AuthStage(app, record);
}
app.synth();
