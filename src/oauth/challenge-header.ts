/**
 * The header that repeats a challenge, for response parameter mapping to restore it. API Gateway reserves names that begin
 * with `x-amz-`, `x-amzn-`, `apigw-` and `access-control-`.
 */
export const challengeHeader = 'postern-challenge';
