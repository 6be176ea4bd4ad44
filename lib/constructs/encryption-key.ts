import { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { StageRecord } from '../stages.ts';

/** The stage's own KMS key, as the stack of `scope` imports it; undefined if AWS manages the keys. */
export function encryptionKeyOf(
  scope: Construct,
  { encryptionKeyArn }: Pick<StageRecord, 'encryptionKeyArn'>,
): IKey | undefined {
  if (encryptionKeyArn === undefined) return undefined;
  const stack = Stack.of(scope);
  const imported = keys.get(stack) ?? Key.fromKeyArn(stack, 'EncryptionKey', encryptionKeyArn);
  keys.set(stack, imported);
  return imported;
}

/** A stack imports the key once: two constructs cannot have one id. */
const keys = new WeakMap<Stack, IKey>();
