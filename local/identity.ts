import { createHash } from 'node:crypto';

/** What pseudo parameters and ARNs say on a laptop. */
export const region = 'eu-west-1';
export const accountId = '000000000000';
export const partition = 'aws';
export const urlSuffix = 'amazonaws.com';

export function arn(service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${accountId}:${resource}`;
}

/** IAM is global: its ARNs name no region. */
export function roleArn(roleName: string): string {
  return `arn:${partition}:iam::${accountId}:role/${roleName}`;
}

export function policyArn(policyName: string): string {
  return `arn:${partition}:iam::${accountId}:policy/${policyName}`;
}

/** The ARN of a function, version or alias, of which a template may give the name or a part of the ARN alone. */
export function functionArnOf(name: string): string {
  if (name.startsWith('arn:')) return name;
  return arn('lambda', `function:${name.replace(/^(?:\d+:)?function:/, '')}`);
}

/**
 * An identifier as AWS makes them, lower-case letters and digits, but always the same for the same name: a
 * second start must find what the first one made.
 */
export function stableId(name: string, length: number): string {
  const digest = createHash('sha256').update(name).digest('hex');
  return BigInt(`0x${digest}`).toString(36).slice(0, length);
}
