import type { Secret, Version } from './secret-store.ts';
import { ServiceError } from './service-error.ts';
import { now } from './timestamps.ts';

/** A value of a secret: exactly one of the two, as the service's own API has it. */
export interface SecretValue {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: string | undefined;
}

/** Id and version that a staging label is attached to. */
export function versionWithStage(secret: Secret, stage: string): [id: string, version: Version] | undefined {
  return Object.entries(secret.Versions).find(([, { VersionStages }]) => VersionStages.includes(stage));
}

/**
 * Gives a version its value. A version has one value for ever: the same again changes nothing, another one
 * is refused, so that a retried request is harmless.
 */
export function putVersion(secret: Secret, id: string, value: SecretValue): Version {
  const version = secret.Versions[id];
  if (!version) {
    const added: Version = { CreatedDate: now(), VersionStages: [], ...onlyValue(value) };
    secret.Versions[id] = added;
    return added;
  }
  if (!hasValue(version)) {
    Object.assign(version, onlyValue(value));
  } else if (version.SecretString !== value.SecretString || version.SecretBinary !== value.SecretBinary) {
    throw new ServiceError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.ARN}.`,
    );
  }
  return version;
}

export function hasValue(version: SecretValue): boolean {
  return version.SecretString !== undefined || version.SecretBinary !== undefined;
}

/** Attaches a staging label to one version and takes it from any other; AWSPREVIOUS follows AWSCURRENT. */
export function moveStage(secret: Secret, stage: string, toVersionId: string): void {
  const holder = versionWithStage(secret, stage);
  const target = secret.Versions[toVersionId];
  if (!target || holder?.[0] === toVersionId) return;
  removeStage(secret, stage);
  target.VersionStages.push(stage);
  if (stage === 'AWSCURRENT' && holder) {
    removeStage(secret, 'AWSPREVIOUS');
    holder[1].VersionStages.push('AWSPREVIOUS');
  }
}

export function removeStage(secret: Secret, stage: string): void {
  for (const version of Object.values(secret.Versions)) {
    version.VersionStages = version.VersionStages.filter((other) => other !== stage);
  }
}

function onlyValue({ SecretString, SecretBinary }: SecretValue): Partial<Version> {
  return {
    ...(SecretString !== undefined && { SecretString }),
    ...(SecretBinary !== undefined && { SecretBinary }),
  };
}
