import { randomBytes } from 'node:crypto';
import * as v from 'valibot';

/** An access key as the AWS SDK takes it. */
export const AccessKey = v.object({ accessKeyId: v.string(), secretAccessKey: v.string() });
export type AccessKey = Readonly<v.InferOutput<typeof AccessKey>>;

/** A new access key of this run. Both halves are random, so that no other program of this machine knows either. */
export const newAccessKey = (): AccessKey => ({
  accessKeyId: `LOCAL${randomBytes(12).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
});
