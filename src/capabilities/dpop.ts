import { systemClock } from '../clock.ts';
import type { Environment } from '../env.ts';
import { dpopVerification } from '../oauth/dpop.ts';
import type { VerifyDpopProof } from '../oauth/dpop.ts';
import { dynamodbReplayStore } from '../storage/replay-store.ts';
import type { StageResources } from './stage-resources.ts';

/** Verifies DPoP proofs. */
export const dpopProofVerifier = ({
  env,
  dynamodb,
  hashKeys,
}: Pick<StageResources, 'env' | 'dynamodb' | 'hashKeys'> & {
  readonly env: Pick<Environment, 'DPOP_NONCES'>;
}): VerifyDpopProof =>
  dpopVerification({
    replays: dynamodbReplayStore(dynamodb, env.SESSIONS_TABLE),
    clock: systemClock,
    ...(env.DPOP_NONCES === 'true' && { nonceKey: async () => (await hashKeys()).dpopNonce }),
  });
