import { Key } from 'aws-cdk-lib/aws-kms';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { StageRecord } from '../stages.ts';

/** Imports the stage's own KMS key; undefined if AWS manages the keys. */
export const encryptionKeyOf = (
  scope: Construct,
  id: string,
  { encryptionKeyArn }: Pick<StageRecord, 'encryptionKeyArn'>,
): IKey | undefined =>
  encryptionKeyArn === undefined ? undefined : Key.fromKeyArn(scope, id, encryptionKeyArn);
