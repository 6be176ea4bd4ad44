import type { IAspect } from 'aws-cdk-lib';
import { CfnIntegration } from 'aws-cdk-lib/aws-apigatewayv2';
import { challengeHeader } from '../../src/http/error-response.ts';

/** The statuses whose responses contain a challenge: RFC 9110 §15.5.2, RFC 6750 §3.1. */
const statuses = ['401', '403'];

/**
 * Lets each integration of a stage restore `WWW-Authenticate` from a header of our own, which functions send if
 * `restoreChallenges` is set. An integration of yours that sends no such header leaves API Gateway without a value.
 */
export const restoresChallenges: IAspect = {
  visit(node) {
    if (!(node instanceof CfnIntegration)) return;
    const ResponseParameters = [
      { Destination: 'overwrite:header.www-authenticate', Source: `$response.header.${challengeHeader}` },
    ];
    node.responseParameters = Object.fromEntries(statuses.map((status) => [status, { ResponseParameters }]));
  },
};
